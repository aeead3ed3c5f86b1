/** The HTTP+SSE transport of 2024-11-05: one long GET for everything the server says, a POST for each message. */
import type { Exchange, Handler } from '../exchange.ts';
import { accepts } from './accepts.ts';
import { dispatchNotice, dispatchRequest, refusalOf } from './dispatch.ts';
import { endpointFrame, messageFrame } from './event-stream.ts';
import { answerInitialize } from './initialize.ts';
import {
  isRequest,
  type JsonRpcNotification,
  type JsonRpcRequest,
  type JsonRpcResponse,
} from './json-rpc.ts';
import { allowsBatch } from './protocol-version.ts';
import { type Received, receive } from './receive.ts';
import {
  invalidRequest,
  isRefusal,
  methodNotAllowed,
  noRoom,
  notAcceptable,
  type Refusal,
  refusing,
  sessionNotFound,
} from './refusal.ts';
import type { Relay } from './relay.ts';
import { createSessionBase, type SseSession } from './sessions.ts';
import type { LegOptions } from './streamable-http.ts';

const MESSAGES_PATH = '/mcp/messages';

/** The handlers of the transport's two endpoints. Both need a token of the same grant. */
export function createSse(leg: LegOptions): { connect: Handler; post: Handler } {
  return {
    connect: refusing(leg.log, (exchange) => connect(leg, exchange)),
    post: refusing(leg.log, (exchange) => post(leg, exchange)),
  };
}

async function connect(
  { authenticate, sessions, streams, log }: LegOptions,
  exchange: Exchange,
): Promise<Refusal | undefined> {
  if (exchange.method === 'HEAD') return methodNotAllowed('GET');
  const caller = await authenticate(exchange);
  if (!caller) return undefined;
  if (!accepts(exchange.headers.accept, 'text/event-stream')) return notAcceptable('text/event-stream');
  const { grantId, clientId } = caller;
  const full = sessions.makeRoom(grantId);
  if (full) return noRoom(full);
  const base = createSessionBase(grantId);
  const stream = streams.open(exchange, caller, endpointFrame(`${MESSAGES_PATH}?sessionId=${base.id}`));
  const session = sessions.add<SseSession>({ ...base, leg: 'sse', stream });
  log.info('mcp.session.opened', { leg: 'sse', client: clientId, grant: grantId });
  exchange.onClose(() => sessions.end(session));
  return undefined;
}

async function post(leg: LegOptions, exchange: Exchange): Promise<Refusal | undefined> {
  const received = await receive(exchange, leg.authenticate);
  if (!received || isRefusal(received)) return received;
  const requests = received.messages.filter(isRequest);
  const session = leg.sessions.find('sse', sessionIdOf(exchange), received.caller);
  if (!session) return sessionNotFound(requests[0]?.id);
  const refusal = refusalOf(session, requests) ?? outOfOrder(session, received, requests);
  if (refusal) return refusal;
  exchange.respond(202, { 'content-type': 'text/plain' }, 'Accepted');
  take(leg.relay, session, received);
  return undefined;
}

function take(relay: Relay, session: SseSession, { caller, messages }: Received): void {
  const write = (message: JsonRpcNotification | JsonRpcResponse): void =>
    session.stream.write(messageFrame(message));
  const reply = { notify: write, finish: write, abandon() {} };
  for (const message of messages) {
    if (!isRequest(message)) dispatchNotice(relay, session, message);
    else if (message.method === 'initialize') void initialize(relay, session, message);
    else dispatchRequest(relay, { session, caller, request: message, reply });
  }
}

async function initialize(relay: Relay, session: SseSession, request: JsonRpcRequest): Promise<void> {
  const { version, response } = await answerInitialize(relay, request);
  session.protocolVersion = version;
  session.stream.write(messageFrame(response));
}

const sessionIdOf = ({ query }: Exchange): string => new URLSearchParams(query).get('sessionId') ?? '';

/** `initialize` comes first and once; only `ping` may come before it (2025-11-25 lifecycle). */
function outOfOrder(
  { protocolVersion }: SseSession,
  { isBatch }: Received,
  requests: readonly JsonRpcRequest[],
): Refusal | undefined {
  if (isBatch && !allowsBatch(protocolVersion)) return invalidRequest('this revision has no batches');
  const isFirst = protocolVersion === undefined;
  const isInOrder = requests.every(
    ({ method }) => method === 'ping' || (method === 'initialize') === isFirst,
  );
  return isInOrder ? undefined : invalidRequest('initialize first, and once', requests[0]?.id);
}
