/**
 * Many sessions before one peer. Sessions share nothing there but the connection: `pending-calls` keeps their ids
 * apart (CVE-2026-25536: answers crossed over where sessions shared ids). A notification that belongs to no request
 * reaches clients only if it says nothing but that a list has changed, and the peer may ask no client anything: it
 * could not say which.
 */
import { isObject } from '../json-object.ts';
import type { Log } from '../log.ts';
import {
  ERROR,
  type JsonRpcMessage,
  type JsonRpcNotification,
  type JsonRpcRequest,
  type JsonRpcResponse,
  jsonRpcError,
  type Params,
  type RequestId,
} from './json-rpc.ts';
import { type Call, createPendingCalls, type InFlight } from './pending-calls.ts';
import { PROTOCOL_VERSIONS } from './protocol-version.ts';
import type { Connection, Upstream } from './upstream.ts';

export interface Relay {
  /** The peer's own `initialize` result; connects on the first call, and again after a failure. */
  initialize(): Promise<Params>;
  /** Passes a request on. Only after `initialize`. */
  call(call: Call): void;
  cancel(inFlight: InFlight, requestId: RequestId, reason: unknown): void;
  cancelAll(inFlight: InFlight): void;
  close(): void;
}

export interface RelayOptions {
  readonly upstream: Upstream;
  readonly log: Log;
  /** Takes a notification for every session. */
  readonly broadcast: (message: JsonRpcNotification) => void;
}

export function createRelay({ upstream, log, broadcast }: RelayOptions): Relay {
  const pending = createPendingCalls();
  let connection: Connection | undefined;
  let initialized: Promise<Params> | undefined;
  let onInitialized: (response: JsonRpcResponse) => void;

  function deliver(message: JsonRpcMessage, relatedId?: RequestId): void {
    if (!('method' in message)) {
      if (message.id === INITIALIZE.id) onInitialized(message);
      else pending.settle(message);
    } else if ('id' in message) connection?.send(answerPeer(message));
    else if (message.method === 'notifications/progress') pending.progress(message);
    else if (LIST_CHANGES.includes(message.method)) broadcast(message);
    else if (relatedId !== undefined) pending.notify(relatedId, message);
  }

  async function connect(): Promise<Params> {
    const answered = new Promise<JsonRpcResponse>((resolve) => {
      onInitialized = resolve;
    });
    connection = await upstream.connect(deliver);
    connection.send(INITIALIZE);
    const response = await answered;
    if ('error' in response || !isObject(response.result)) throw new Error('refused to initialize');
    connection.send({ jsonrpc: '2.0', method: 'notifications/initialized' });
    return response.result;
  }

  function cancelOwn(ownId: number, reason: unknown): void {
    const params = { requestId: ownId, ...(typeof reason === 'string' && { reason }) };
    connection?.send({ jsonrpc: '2.0', method: 'notifications/cancelled', params });
    pending.take(ownId)?.reply.abandon();
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
    call: (call) => connection?.send(pending.add(call), call.caller),
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

const LIST_CHANGES: readonly string[] = [
  'notifications/tools/list_changed',
  'notifications/prompts/list_changed',
  'notifications/resources/list_changed',
];

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
