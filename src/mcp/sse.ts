/** The HTTP+SSE transport of 2024-11-05: one long GET for everything the server says, a POST for each message. */
import type { Caller } from '../caller.ts';
import type { Exchange, Handler } from '../exchange.ts';
import type { JsonObject } from '../json-object.ts';
import { accepts } from './accepts.ts';
import { dispatchNotice, dispatchRequest, refusalOf } from './dispatch.ts';
import type { Endpoint } from './endpoint.ts';
import { endpointFrame, messageFrame } from './event-stream.ts';
import { initializeSession } from './initialize.ts';
import { isRequest, type JsonRpcMessage, type JsonRpcRequest } from './json-rpc.ts';
import { allowsBatch } from './protocol-version.ts';
import { type Received, receive, refuseForeignVersion } from './receive.ts';
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
import { newSessionId } from './session-id.ts';
import { createSessionBase, type SseSession } from './sessions.ts';
import type { LegOptions } from './streamable-http.ts';

export const messagesPath = ({ path }: Endpoint): string => `${path}/messages`;

/** The handlers of the transport's two endpoints. Both need a token of the same grant. */
export function createSse(leg: LegOptions): { connect: Handler; post: Handler } {
  return {
    connect: refusing(leg.log, (exchange) => connect(leg, exchange)),
    post: refusing(leg.log, (exchange) => post(leg, exchange)),
  };
}

async function connect(
  { endpoint, authenticate, sessions, streams, log }: LegOptions,
  exchange: Exchange,
): Promise<Refusal | undefined> {
  if (exchange.method === 'HEAD') return methodNotAllowed('GET');
  const caller = await authenticate(exchange);
  if (!caller) return undefined;
  if (!accepts(exchange.headers.accept, 'text/event-stream')) return notAcceptable('text/event-stream');
  const { grantId, clientId } = caller;
  const full = sessions.makeRoom(grantId, endpoint);
  if (full) return noRoom(full);
  const base = createSessionBase({ id: newSessionId(), grantId, endpoint });
  const stream = streams.open(
    exchange,
    caller,
    endpointFrame(`${messagesPath(endpoint)}?sessionId=${base.id}`),
  );
  const isListening = (): boolean => !stream.closed;
  const tell = (message: JsonRpcMessage): boolean => {
    stream.write(messageFrame(message));
    return isListening();
  };
  const session = sessions.add<SseSession>({
    ...base,
    leg: 'sse',
    stream,
    relay: undefined,
    isBeginning: false,
    tell,
    isListening,
  });
  log.info('mcp.session.opened', { server: endpoint.name, leg: 'sse', client: clientId, grant: grantId });
  exchange.onClose(() => sessions.end(session));
  return undefined;
}

async function post(leg: LegOptions, exchange: Exchange): Promise<Refusal | undefined> {
  const received = await receive(exchange, leg);
  if (!received || isRefusal(received)) return received;
  const foreign = refuseForeignVersion(received);
  if (foreign) return foreign;
  const requests = received.messages.filter(isRequest);
  const { endpoint, sessions } = leg;
  const session = sessions.find({ leg: 'sse', id: sessionIdOf(exchange), endpoint }, received.caller);
  if (!session) return sessionNotFound(requests[0]?.id);
  const refusal = refusalOf(session, requests) ?? outOfOrder(session, received, requests);
  if (refusal) return refusal;
  exchange.respond(202, { 'content-type': 'text/plain' }, 'Accepted');
  take(session, received);
  return undefined;
}

function take(session: SseSession, { caller, messages }: Received): void {
  const write = (message: JsonRpcMessage): void => session.stream.write(messageFrame(message));
  const reply = { notify: write, ask: write, finish: write, abandon() {} };
  for (const message of messages) {
    if (!isRequest(message)) dispatchNotice(session, message);
    else if (message.method === 'initialize') void initialize(session, caller, message);
    else dispatchRequest({ session, caller, request: message, reply });
  }
}

async function initialize(session: SseSession, caller: Caller, request: JsonRpcRequest): Promise<void> {
  const { endpoint, stream } = session;
  session.isBeginning = true;
  const initialized = await initializeSession(endpoint, request, caller.workspace);
  session.isBeginning = false;
  if ('error' in initialized) return stream.write(messageFrame(initialized));
  const { relay, version, beginning, response } = initialized;
  // The client left meanwhile.
  if (stream.closed) return endpoint.release(relay);
  session.relay = relay;
  session.protocolVersion = version;
  session.capabilities = beginning.params.capabilities as JsonObject;
  relay.attach(session);
  stream.write(messageFrame(response));
}

const sessionIdOf = ({ query }: Exchange): string => new URLSearchParams(query).get('sessionId') ?? '';

/** `initialize` comes first and once; only `ping` may come before it (2025-11-25 lifecycle). */
function outOfOrder(
  { protocolVersion, isBeginning }: SseSession,
  { isBatch }: Received,
  requests: readonly JsonRpcRequest[],
): Refusal | undefined {
  if (isBatch && !allowsBatch(protocolVersion)) return invalidRequest('this revision has no batches');
  const isFirst = protocolVersion === undefined && !isBeginning;
  const isInOrder = requests.every(
    ({ method }) => method === 'ping' || (method === 'initialize') === isFirst,
  );
  return isInOrder ? undefined : invalidRequest('initialize first, and once', requests[0]?.id);
}
