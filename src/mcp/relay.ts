/**
 * Many sessions before one peer. Every request gets an id of our own on its way there, so an answer can only
 * reach the session that asked (CVE-2026-25536: answers crossed over where sessions shared ids). The same number
 * stands in for the client's progress token. A notification that belongs to no request reaches clients only if it
 * says nothing but that a list has changed, and the peer may ask no client anything: it could not say which.
 */
import type { Caller } from '../caller.ts';
import type { Log } from '../log.ts';
import {
  ERROR,
  isObject,
  isRequestId,
  type JsonRpcMessage,
  type JsonRpcNotification,
  type JsonRpcRequest,
  type JsonRpcResponse,
  jsonRpcError,
  type Params,
  type RequestId,
} from './json-rpc.ts';
import { PROTOCOL_VERSIONS } from './protocol-version.ts';
import type { Connection, Upstream } from './upstream.ts';

/** Takes what comes back for one request. */
export interface Reply {
  notify(message: JsonRpcNotification): void;
  finish(response: JsonRpcResponse): void;
  /** The client cancelled the request: there will be no response. */
  abandon(): void;
}

/** What the relay keeps for a session: each of its open requests under our own id. */
export type InFlight = Map<RequestId, number>;

export interface Call {
  readonly inFlight: InFlight;
  readonly caller: Caller;
  readonly request: JsonRpcRequest;
  readonly reply: Reply;
}

export interface Relay {
  /** The peer's own `initialize` result; connects on the first call, and again after a failure. */
  initialize(): Promise<Params>;
  /** Passes a request on. Only after `initialize`. */
  call(call: Call): void;
  cancel(inFlight: InFlight, requestId: RequestId, reason: unknown): void;
  cancelAll(inFlight: InFlight): void;
  close(): void;
}

interface Pending extends Call {
  readonly progressToken: RequestId | undefined;
}

const LIST_CHANGES: readonly string[] = [
  'notifications/tools/list_changed',
  'notifications/prompts/list_changed',
  'notifications/resources/list_changed',
];

export interface RelayOptions {
  readonly upstream: Upstream;
  readonly log: Log;
  /** Takes a notification for every session. */
  readonly broadcast: (message: JsonRpcNotification) => void;
}

export function createRelay({ upstream, log, broadcast }: RelayOptions): Relay {
  const pending = new Map<RequestId, Pending>();
  let lastId = 0;
  let connection: Connection | undefined;
  let initialized: Promise<Params> | undefined;
  let handshake: ((response: JsonRpcResponse) => void) | undefined;

  function deliver(message: JsonRpcMessage, relatedId?: RequestId): void {
    if (!('method' in message)) settle(message);
    else if ('id' in message) connection?.send(answerPeer(message));
    else if (message.method === 'notifications/progress') progress(message);
    else if (LIST_CHANGES.includes(message.method)) broadcast(message);
    else if (relatedId !== undefined) pending.get(relatedId)?.reply.notify(message);
  }

  function settle(response: JsonRpcResponse): void {
    if (response.id === INITIALIZE.id) handshake?.(response);
    const call = response.id === undefined ? undefined : take(response.id);
    call?.reply.finish({ ...response, id: call.request.id });
  }

  function take(ownId: RequestId): Pending | undefined {
    const call = pending.get(ownId);
    pending.delete(ownId);
    call?.inFlight.delete(call.request.id);
    return call;
  }

  function progress(message: JsonRpcNotification): void {
    const ownId = message.params?.progressToken;
    const call = isRequestId(ownId) ? pending.get(ownId) : undefined;
    if (call?.progressToken === undefined) return;
    call.reply.notify({ ...message, params: { ...message.params, progressToken: call.progressToken } });
  }

  async function connect(): Promise<Params> {
    const result = new Promise<JsonRpcResponse>((resolve) => {
      handshake = resolve;
    });
    connection = await upstream.connect(deliver);
    connection.send(INITIALIZE);
    const response = await result;
    if ('error' in response || !isObject(response.result)) {
      throw new Error(`${upstream.name} refused to initialize`);
    }
    connection.send({ jsonrpc: '2.0', method: 'notifications/initialized' });
    return response.result;
  }

  function cancelOwn(ownId: number, reason?: unknown): void {
    const call = take(ownId);
    if (!call) return;
    const params = { requestId: ownId, ...(typeof reason === 'string' && { reason }) };
    connection?.send({ jsonrpc: '2.0', method: 'notifications/cancelled', params });
    call.reply.abandon();
  }

  return {
    initialize() {
      initialized ??= connect().catch((error: unknown) => {
        initialized = undefined;
        log.error('mcp.upstream.failed', { upstream: upstream.name, error: String(error) });
        throw error;
      });
      return initialized;
    },
    call(call) {
      const ownId = ++lastId;
      const { progressToken, params } = ownProgress(call.request.params, ownId);
      pending.set(ownId, { ...call, progressToken });
      call.inFlight.set(call.request.id, ownId);
      const { method } = call.request;
      connection?.send({ jsonrpc: '2.0', id: ownId, method, ...(params && { params }) }, call.caller);
    },
    cancel(inFlight, requestId, reason) {
      const ownId = inFlight.get(requestId);
      if (ownId !== undefined) cancelOwn(ownId, reason);
    },
    cancelAll(inFlight) {
      for (const ownId of [...inFlight.values()]) cancelOwn(ownId, 'the session ended');
    },
    close() {
      connection?.close();
      connection = undefined;
    },
  };
}

/** Id 0 is the relay's own: calls count from 1. */
const INITIALIZE: JsonRpcRequest = {
  jsonrpc: '2.0',
  id: 0,
  method: 'initialize',
  params: {
    protocolVersion: PROTOCOL_VERSIONS[0],
    capabilities: {},
    clientInfo: { name: 'claude-secure', version: '1' },
  },
};

function answerPeer(request: JsonRpcRequest): JsonRpcResponse {
  if (request.method === 'ping') return { jsonrpc: '2.0', id: request.id, result: {} };
  return jsonRpcError(ERROR.methodNotFound, 'a shared server may not ask its clients', request.id);
}

/** The params with our own progress token in place of the client's; the same object where there is none. */
function ownProgress(
  params: Params | undefined,
  ownId: number,
): { params: Params | undefined; progressToken: RequestId | undefined } {
  const meta = params?._meta;
  const progressToken = isObject(meta) ? meta.progressToken : undefined;
  if (!isObject(meta) || !isRequestId(progressToken)) return { params, progressToken: undefined };
  return { progressToken, params: { ...params, _meta: { ...meta, progressToken: ownId } } };
}
