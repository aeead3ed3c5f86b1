import type { Caller } from '../caller.ts';
import { limits } from '../limits.ts';
import type { Reply } from './client.ts';
import { isRequestId, type JsonRpcMessage, type JsonRpcRequest } from './json-rpc.ts';
import { busy, invalidRequest, type Refusal } from './refusal.ts';
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
export function dispatchRequest({ session, caller, request, reply }: Dispatched): void {
  if (request.method === 'ping') reply.finish({ jsonrpc: '2.0', id: request.id, result: {} });
  else session.relay?.call({ client: session, caller, request, reply: saving(session, request, reply) });
}

/** What these change has to outlive the daemon. */
const CHANGING: readonly string[] = ['logging/setLevel', 'resources/subscribe', 'resources/unsubscribe'];

function saving(session: Session, { method }: JsonRpcRequest, reply: Reply): Reply {
  if (session.leg !== 'http' || !CHANGING.includes(method)) return reply;
  return {
    ...reply,
    finish(response) {
      session.save();
      reply.finish(response);
    },
  };
}

/** Takes a notification, or the answer to a question. */
export function dispatchNotice(session: Session, message: JsonRpcMessage): void {
  const { relay } = session;
  if (!('method' in message)) {
    relay?.answer(session, message);
  } else if (message.method === 'notifications/cancelled') {
    const { requestId, reason } = message.params ?? {};
    if (isRequestId(requestId)) relay?.cancel(session, requestId, reason);
  } else {
    relay?.notify(session, message);
  }
}
