/** The Streamable HTTP transport: revision 2025-11-25, and 2025-06-18 and 2025-03-26 where a client asks for them. */
import type { Caller } from '../caller.ts';
import { type Exchange, type Handler, respondJson } from '../exchange.ts';
import type { Log } from '../log.ts';
import { accepts } from './accepts.ts';
import { dispatchNotice, dispatchRequest, refusalOf } from './dispatch.ts';
import { createEventLog } from './event-log.ts';
import { createHttpAnswer } from './http-answer.ts';
import { answerInitialize } from './initialize.ts';
import { isRequest, type JsonRpcMessage, type JsonRpcRequest, type RequestId } from './json-rpc.ts';
import type { OpenStreams } from './open-streams.ts';
import { allowsBatch, allowsEmptyEvents, isForeignVersion } from './protocol-version.ts';
import { type Authenticate, type Received, receive } from './receive.ts';
import {
  badRequest,
  invalidRequest,
  isRefusal,
  methodNotAllowed,
  noRoom,
  notAcceptable,
  type Refusal,
  refusing,
  sessionNotFound,
  unsupportedVersion,
} from './refusal.ts';
import type { Relay } from './relay.ts';
import type { ReplayBudget } from './replay-buffer.ts';
import { createSessionBase, type HttpSession, type Sessions } from './sessions.ts';

/** What both transports work with. */
export interface LegOptions {
  readonly authenticate: Authenticate;
  readonly relay: Relay;
  readonly sessions: Sessions;
  readonly streams: OpenStreams;
  readonly log: Log;
}

interface Leg extends LegOptions {
  readonly budget: ReplayBudget;
}

type Outcome = Refusal | undefined;

/** The handlers of the one MCP endpoint: POST a message, GET a stream, DELETE the session. */
export function createStreamableHttp(options: LegOptions): { post: Handler; get: Handler; remove: Handler } {
  const leg: Leg = { ...options, budget: { bytes: 0 } };
  return {
    post: refusing(leg.log, (exchange) => post(leg, exchange)),
    get: refusing(leg.log, (exchange) => get(leg, exchange)),
    remove: refusing(leg.log, (exchange) => remove(leg, exchange)),
  };
}

async function post(leg: Leg, exchange: Exchange): Promise<Outcome> {
  const received = await receive(exchange, leg.authenticate);
  if (!received || isRefusal(received)) return received;
  const { accept, 'mcp-session-id': sessionId } = exchange.headers;
  if (!accepts(accept, 'application/json') || !accepts(accept, 'text/event-stream')) {
    return notAcceptable('application/json and text/event-stream');
  }
  const { caller, messages, isBatch } = received;
  const opening = messages.find(isInitialize);
  const id = messages.find(isRequest)?.id;
  if (sessionId === undefined) {
    return opening && !isBatch ? initialize(leg, received, opening) : missingSession(id);
  }
  const session = leg.sessions.find('http', sessionId, caller);
  if (!session) return sessionNotFound(id);
  if (opening) return invalidRequest('the session is initialized', id);
  if (isBatch && !allowsBatch(session.protocolVersion)) return invalidRequest('this revision has no batches');
  return take(leg, session, received);
}

async function initialize(
  { relay, sessions, budget, log }: Leg,
  { exchange, caller }: Received,
  request: JsonRpcRequest,
): Promise<Outcome> {
  const { grantId, clientId } = caller;
  const { version, response } = await answerInitialize(relay, request);
  if (version === undefined) {
    respondJson(exchange, 200, response);
    return undefined;
  }
  const full = sessions.makeRoom(grantId);
  if (full) return noRoom(full, request.id);
  const session = sessions.add<HttpSession>({
    ...createSessionBase(grantId),
    leg: 'http',
    protocolVersion: version,
    log: createEventLog(budget),
    standalone: undefined,
  });
  log.info('mcp.session.opened', { leg: 'http', client: clientId, grant: grantId, version });
  respondJson(exchange, 200, response, { 'mcp-session-id': session.id });
  return undefined;
}

function take(
  { relay, streams }: Leg,
  session: HttpSession,
  { exchange, caller, messages }: Received,
): Outcome {
  const requests = messages.filter(isRequest);
  const refusal = refusalOf(session, requests);
  if (refusal) return refusal;
  for (const message of messages) if (!isRequest(message)) dispatchNotice(relay, session, message);
  if (requests.length === 0) {
    exchange.respond(202, {});
    return undefined;
  }
  const reply = createHttpAnswer({ exchange, caller, session, streams, expected: requests.length });
  for (const request of requests) dispatchRequest(relay, { session, caller, request, reply });
  return undefined;
}

async function get(leg: Leg, exchange: Exchange): Promise<Outcome> {
  if (exchange.method === 'HEAD') return methodNotAllowed('POST, GET, DELETE');
  const found = await find(leg, exchange);
  if (!found || isRefusal(found)) return found;
  if (!accepts(exchange.headers.accept, 'text/event-stream')) return notAcceptable('text/event-stream');
  const { session, caller } = found;
  const connect = (firstFrame?: string) => leg.streams.open(exchange, caller, firstFrame);
  const lastEventId = exchange.headers['last-event-id'];
  if (lastEventId !== undefined) {
    return session.log.resume(lastEventId, connect) ? undefined : badRequest('nothing follows that event');
  }
  // A client that lost its connection may be back before we notice: the newer stream takes over.
  session.standalone?.finish();
  session.standalone = session.log.open(connect, allowsEmptyEvents(session.protocolVersion));
  return undefined;
}

async function remove(leg: Leg, exchange: Exchange): Promise<Outcome> {
  const found = await find(leg, exchange);
  if (!found || isRefusal(found)) return found;
  leg.sessions.end(found.session);
  exchange.respond(204, {});
  return undefined;
}

/** The session that a request without a body names; undefined where the exchange was answered. */
async function find(
  { authenticate, sessions }: Leg,
  exchange: Exchange,
): Promise<{ session: HttpSession; caller: Caller } | Outcome> {
  const caller = await authenticate(exchange);
  if (!caller) return undefined;
  if (isForeignVersion(exchange.headers)) return unsupportedVersion();
  const id = exchange.headers['mcp-session-id'];
  if (id === undefined) return missingSession();
  const session = sessions.find('http', id, caller);
  return session ? { session, caller } : sessionNotFound();
}

const isInitialize = (message: JsonRpcMessage): message is JsonRpcRequest =>
  isRequest(message) && message.method === 'initialize';

const missingSession = (id?: RequestId): Refusal => badRequest('Mcp-Session-Id header is required', id);
