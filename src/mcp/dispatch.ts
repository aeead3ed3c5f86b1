import type { Caller } from '../caller.ts';
import { limits } from '../limits.ts';
import { isRequestId, type JsonRpcMessage, type JsonRpcRequest } from './json-rpc.ts';
import type { Reply } from './pending-calls.ts';
import { busy, invalidRequest, type Refusal } from './refusal.ts';
import type { Relay } from './relay.ts';
import type { Session } from './sessions.ts';

/** Why a session cannot take these requests now: an id is in use, or too many are open (R52). */
export function refusalOf({ inFlight }: Session, requests: readonly JsonRpcRequest[]): Refusal | undefined {
  const firstId = requests[0]?.id;
  const ids = new Set(requests.map(({ id }) => id));
  if (ids.size < requests.length || requests.some(({ id }) => inFlight.has(id))) {
    return invalidRequest('the id belongs to an open request', firstId);
  }
  return inFlight.size + requests.length > limits.requestsInFlight ? busy(firstId) : undefined;
}

export interface Dispatched {
  readonly session: Session;
  readonly caller: Caller;
  readonly request: JsonRpcRequest;
  readonly reply: Reply;
}

/** Passes a request of an initialized session on; `ping` is answered here, whatever the upstream does. */
export function dispatchRequest(relay: Relay, { session, caller, request, reply }: Dispatched): void {
  if (request.method === 'ping') reply.finish({ jsonrpc: '2.0', id: request.id, result: {} });
  else relay.call({ inFlight: session.inFlight, caller, request, reply });
}

/**
 * Takes a notification or response. Only a cancellation goes on: the relay has initialized the shared upstream
 * itself, told it of no client roots, and lets it ask nothing that could be answered.
 */
export function dispatchNotice(relay: Relay, session: Session, message: JsonRpcMessage): void {
  if (!('method' in message) || message.method !== 'notifications/cancelled') return;
  const { requestId, reason } = message.params ?? {};
  if (isRequestId(requestId)) relay.cancel(session.inFlight, requestId, reason);
}
