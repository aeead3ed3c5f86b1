import type { Caller } from '../../caller.ts';
import { isObject, type JsonObject } from '../../json-object.ts';
import { limits } from '../../limits.ts';
import type { Client, Reply } from '../client.ts';
import {
  isRequestId,
  type JsonRpcNotification,
  type JsonRpcRequest,
  type JsonRpcResponse,
  type Params,
  type RequestId,
} from '../json-rpc.ts';

export interface Call {
  readonly client: Client;
  readonly caller: Caller;
  readonly request: JsonRpcRequest;
  readonly reply: Reply;
}

export interface PendingCall extends Call {
  request: JsonRpcRequest;
  readonly ownId: number;
  readonly startedMs: number;
  /** Whether the server has it. */
  isSent: boolean;
  /** What it holds while it waits to be sent. */
  waitingLength: number;
  /** The capability that the server asked for and the client has not declared. */
  refused?: JsonObject;
}

export interface PendingCalls {
  /** Takes a call up under a number of our own. */
  add(call: Call): PendingCall;
  /** The call has to wait before it can be sent; false if those that wait hold too much already. */
  wait(call: PendingCall): boolean;
  /** The server has the call: it holds no more than need be. `bytes` is how large it was. */
  letGo(call: PendingCall, bytes: number | undefined): void;
  get(ownId: RequestId): PendingCall | undefined;
  /** The call no longer waits; undefined if it did not. */
  take(ownId: RequestId): PendingCall | undefined;
  all(): PendingCall[];
  /** Passes progress on to the one call that asked for it; false if none did. */
  progress(message: JsonRpcNotification): boolean;
  readonly size: number;
}

/**
 * The calls that wait for the upstream. Each goes by a number of our own, which stands in for the client's request id
 * and for its progress token, so whatever comes back can only reach the client that asked.
 */
export function createPendingCalls(nextId: () => number): PendingCalls {
  const calls = new Map<RequestId, PendingCall>();
  let waitingLength = 0;

  function stopWaiting(call: PendingCall): void {
    waitingLength -= call.waitingLength;
    call.waitingLength = 0;
  }

  function take(ownId: RequestId): PendingCall | undefined {
    const call = calls.get(ownId);
    if (!call) return undefined;
    calls.delete(ownId);
    stopWaiting(call);
    call.client.inFlight.delete(call.request.id);
    return call;
  }

  return {
    add(call) {
      const pending = {
        ...call,
        ownId: nextId(),
        startedMs: performance.now(),
        isSent: false,
        waitingLength: 0,
      };
      calls.set(pending.ownId, pending);
      call.client.inFlight.set(call.request.id, pending.ownId);
      return pending;
    },
    wait(call) {
      call.waitingLength = JSON.stringify(call.request).length;
      waitingLength += call.waitingLength;
      return waitingLength <= limits.waitingCallsLength;
    },
    letGo(call, bytes = 0) {
      stopWaiting(call);
      if (bytes > limits.pendingRequestBytes) call.request = shortened(call.request);
    },
    get: (ownId) => calls.get(ownId),
    take,
    all: () => [...calls.values()],
    progress(message) {
      const ownId = message.params?.progressToken;
      const call = isRequestId(ownId) ? calls.get(ownId) : undefined;
      const progressToken = call && progressTokenOf(call.request.params);
      if (progressToken === undefined) return false;
      call?.reply.notify({ ...message, params: { ...message.params, progressToken } });
      return true;
    },
    get size() {
      return calls.size;
    },
  };
}

const isShort = (value: unknown): boolean =>
  typeof value === 'string' && value.length <= limits.resourceUriLength;

/**
 * What the answer to a large request is read by, once the server has it: what a client sends must not fill the memory for
 * as long as it makes a server wait (R52). `isShortened` stands for all the rest: it is not the plain request of its method.
 */
export function shortened({ params = {}, ...request }: JsonRpcRequest): JsonRpcRequest {
  const short = ['name', 'uri', 'taskId', 'cursor'].filter((name) => isShort(params[name]));
  const progressToken = progressTokenOf(params);
  const kept = {
    ...Object.fromEntries(short.map((name) => [name, params[name]])),
    ...(params.task !== undefined && { task: {} }),
    ...(progressToken !== undefined && { _meta: { progressToken } }),
  };
  return { ...request, params: { ...kept, isShortened: true } };
}

/** The request as the upstream shall see it. */
export function asOwn({ request: { method, params }, ownId }: PendingCall): JsonRpcRequest {
  return { jsonrpc: '2.0', id: ownId, method, ...(params && { params: withOwnToken(params, ownId) }) };
}

/** The response as its client shall see it. */
export const asTheirs = (call: PendingCall, response: JsonRpcResponse): JsonRpcResponse => ({
  ...response,
  id: call.request.id,
});

/** The token under which whoever made the request wants to be told of its progress. */
export function progressTokenOf(params: Params | undefined): RequestId | undefined {
  const meta = params?._meta;
  return isObject(meta) && isRequestId(meta.progressToken) ? meta.progressToken : undefined;
}

function withOwnToken(params: Params, ownId: number): Params {
  if (progressTokenOf(params) === undefined) return params;
  return { ...params, _meta: { ...(params._meta as Params), progressToken: ownId } };
}
