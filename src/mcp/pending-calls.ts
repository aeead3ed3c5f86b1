import type { Caller } from '../caller.ts';
import { isObject } from '../json-object.ts';
import {
  isRequestId,
  type JsonRpcNotification,
  type JsonRpcRequest,
  type JsonRpcResponse,
  type Params,
  type RequestId,
} from './json-rpc.ts';

/** Takes what comes back for one request. */
export interface Reply {
  notify(message: JsonRpcNotification): void;
  finish(response: JsonRpcResponse): void;
  /** The client cancelled the request: there will be no response. */
  abandon(): void;
}

/** What is kept for a session: each of its open requests, and the id of our own that it goes by. */
export type InFlight = Map<RequestId, number>;

export interface Call {
  readonly inFlight: InFlight;
  readonly caller: Caller;
  readonly request: JsonRpcRequest;
  readonly reply: Reply;
}

export interface PendingCalls {
  /** Takes a call up; gives its request as the upstream shall see it. */
  add(call: Call): JsonRpcRequest;
  /** The call no longer waits; undefined if it did not. */
  take(ownId: RequestId): Call | undefined;
  settle(response: JsonRpcResponse): void;
  /** Passes progress on to the one call that asked for it. */
  progress(message: JsonRpcNotification): void;
  notify(ownId: RequestId, message: JsonRpcNotification): void;
}

/**
 * The calls that wait for the upstream. Each gets a number of our own, which stands in for the client's request id
 * and for its progress token, so whatever comes back can only reach the session that asked.
 */
export function createPendingCalls(): PendingCalls {
  const calls = new Map<RequestId, Call>();
  let lastId = 0;

  function take(ownId: RequestId): Call | undefined {
    const call = calls.get(ownId);
    calls.delete(ownId);
    call?.inFlight.delete(call.request.id);
    return call;
  }

  return {
    add(call) {
      const { id, method, params } = call.request;
      const ownId = ++lastId;
      calls.set(ownId, call);
      call.inFlight.set(id, ownId);
      return { jsonrpc: '2.0', id: ownId, method, ...(params && { params: withOwnToken(params, ownId) }) };
    },
    take,
    settle(response) {
      const call = response.id === undefined ? undefined : take(response.id);
      call?.reply.finish({ ...response, id: call.request.id });
    },
    progress(message) {
      const ownId = message.params?.progressToken;
      const call = isRequestId(ownId) ? calls.get(ownId) : undefined;
      const progressToken = call && progressTokenOf(call.request.params);
      if (progressToken === undefined) return;
      call?.reply.notify({ ...message, params: { ...message.params, progressToken } });
    },
    notify: (ownId, message) => calls.get(ownId)?.reply.notify(message),
  };
}

function progressTokenOf(params: Params | undefined): RequestId | undefined {
  const meta = params?._meta;
  return isObject(meta) && isRequestId(meta.progressToken) ? meta.progressToken : undefined;
}

function withOwnToken(params: Params, ownId: number): Params {
  if (progressTokenOf(params) === undefined) return params;
  return { ...params, _meta: { ...(params._meta as Params), progressToken: ownId } };
}
