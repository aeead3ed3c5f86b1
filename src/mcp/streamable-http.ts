/** The Streamable HTTP transport: revision 2025-11-25, and 2025-06-18 and 2025-03-26 where a client asks for them. */
import type { Caller } from '../caller.ts';
import { type Exchange, type Handler, respondJson } from '../exchange.ts';
import type { Log } from '../log.ts';
import { accepts } from './accepts.ts';
import { dispatchNotice, dispatchRequest, refusalOf } from './dispatch.ts';
import type { Endpoint } from './endpoint.ts';
import { createHttpAnswer } from './http-answer.ts';
import { createHttpSession } from './http-session.ts';
import { initializeSession } from './initialize.ts';
import type { Journal } from './journal.ts';
import {
  isRequest,
  type JsonRpcMessage,
  type JsonRpcRequest,
  type JsonRpcResponse,
  type RequestId,
} from './json-rpc.ts';
import type { OpenBodies } from './open-bodies.ts';
import type { OpenStreams } from './open-streams.ts';
import { allowsBatch, allowsEmptyEvents, isForeignVersion, isStateless } from './protocol-version.ts';
import { type Authenticate, type Received, receive, refuseForeignVersion } from './receive.ts';
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
import type { ReplayBudget } from './replay-buffer.ts';
import { newSessionId } from './session-id.ts';
import type { HttpSession, Sessions } from './sessions.ts';
import type { Stateless } from './stateless/stateless.ts';

/** What both transports work with. */
export interface LegOptions {
  readonly endpoint: Endpoint;
  readonly authenticate: Authenticate;
  readonly bodies: OpenBodies;
  readonly sessions: Sessions;
  readonly streams: OpenStreams;
  readonly log: Log;
}

interface Leg extends LegOptions {
  readonly journal: Journal;
  readonly budget: ReplayBudget;
  readonly stateless: Stateless;
}

type Outcome = Refusal | undefined;

/** The handlers of the one MCP endpoint: POST a message, GET a stream, DELETE the session. */
export function createStreamableHttp(leg: Leg): { post: Handler; get: Handler; remove: Handler } {
  return {
    post: refusing(leg.log, (exchange) => post(leg, exchange)),
    get: refusing(leg.log, (exchange) => get(leg, exchange)),
    remove: refusing(leg.log, (exchange) => remove(leg, exchange)),
  };
}

async function post(leg: Leg, exchange: Exchange): Promise<Outcome> {
  const received = await receive(exchange, leg);
  if (!received || isRefusal(received)) return received;
  const { accept, 'mcp-session-id': sessionId } = exchange.headers;
  if (!accepts(accept, 'application/json') || !accepts(accept, 'text/event-stream')) {
    return notAcceptable('application/json and text/event-stream');
  }
  const { caller, messages, isBatch } = received;
  if (isStateless(exchange.headers, messages)) return leg.stateless.take(received, leg.endpoint);
  const foreign = refuseForeignVersion(received);
  if (foreign) return foreign;
  const opening = messages.find(isInitialize);
  const id = messages.find(isRequest)?.id;
  if (sessionId === undefined) {
    return opening && !isBatch ? initialize(leg, received, opening) : missingSession(id);
  }
  const session = leg.sessions.find({ leg: 'http', id: sessionId, endpoint: leg.endpoint }, caller);
  if (!session) return sessionNotFound(id);
  if (opening) return invalidRequest('the session is initialized', id);
  if (isBatch && !allowsBatch(session.protocolVersion)) return invalidRequest('this revision has no batches');
  return take(leg, session, received);
}

async function initialize(leg: Leg, received: Received, request: JsonRpcRequest): Promise<Outcome> {
  const { endpoint, sessions, journal } = leg;
  const { exchange, caller } = received;
  const full = sessions.makeRoom(caller.grantId, endpoint);
  if (full) return noRoom(full, request.id);
  // R52: a server that a session has for itself starts with it.
  const giveBack = sessions.reserve(caller.grantId, endpoint);
  const begun = await begin(leg, received, request).finally(giveBack);
  if (!begun) return undefined;
  // A client that was told of a session finds it again behind a daemon that was killed a moment later.
  await journal.settled();
  respondJson(exchange, 200, begun.response, { 'mcp-session-id': begun.id });
  return undefined;
}

/** Adds a session, and gives its id and what to answer; undefined where the exchange was answered. */
async function begin(
  { endpoint, sessions, journal, budget, log, authenticate }: Leg,
  { exchange, caller }: Received,
  request: JsonRpcRequest,
): Promise<{ readonly id: string; readonly response: JsonRpcResponse } | undefined> {
  const { grantId, clientId } = caller;
  const initialized = await initializeSession(endpoint, request, caller.workspace);
  if ('error' in initialized) {
    respondJson(exchange, 200, initialized);
    return undefined;
  }
  const { relay, version, beginning, response } = initialized;
  // R45: a server may take a minute to start, and the grant may have ended meanwhile.
  if (caller.ended.aborted && !(await authenticate(exchange))) {
    endpoint.release(relay);
    return undefined;
  }
  const id = newSessionId();
  const part = journal.session(id);
  const session = sessions.add(
    createHttpSession({ id, grantId, endpoint, relay, beginning, version, journal: part, budget }),
  );
  session.save();
  const server = endpoint.name;
  log.info('mcp.session.opened', { server, leg: 'http', client: clientId, grant: grantId, version });
  return { id, response };
}

function take({ streams }: Leg, session: HttpSession, { exchange, caller, messages }: Received): Outcome {
  const requests = messages.filter(isRequest);
  const refusal = refusalOf(session, requests);
  if (refusal) return refusal;
  for (const message of messages) if (!isRequest(message)) dispatchNotice(session, message);
  if (requests.length === 0) {
    exchange.respond(202, {});
    return undefined;
  }
  const ids = requests.map(({ id }) => id);
  const reply = createHttpAnswer({ exchange, caller, session, streams, ids });
  for (const request of requests) dispatchRequest({ session, caller, request, reply });
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
    if (!session.log.resume(lastEventId, connect)) return badRequest('nothing follows that event');
    session.relay.wake();
    return undefined;
  }
  const isPrimed = allowsEmptyEvents(session.protocolVersion);
  session.listen(session.log.open(connect, { isPrimed, owed: [] }));
  session.relay.wake();
  return undefined;
}

async function remove(leg: Leg, exchange: Exchange): Promise<Outcome> {
  const found = await find(leg, exchange);
  if (!found || isRefusal(found)) return found;
  leg.sessions.end(found.session);
  // A 204 that a killed daemon forgets would be a lie: its successor would bring the session back.
  await leg.journal.settled();
  exchange.respond(204, {});
  return undefined;
}

/** The session that a request without a body names; undefined where the exchange was answered. */
async function find(
  { authenticate, sessions, endpoint }: Leg,
  exchange: Exchange,
): Promise<{ session: HttpSession; caller: Caller } | Outcome> {
  const caller = await authenticate(exchange);
  if (!caller) return undefined;
  // Without sessions there is nothing to get and nothing to delete (2026-07-28 transports, L680).
  if (isStateless(exchange.headers, [])) return methodNotAllowed('POST');
  if (isForeignVersion(exchange.headers)) return unsupportedVersion();
  const id = exchange.headers['mcp-session-id'];
  if (id === undefined) return missingSession();
  const session = sessions.find({ leg: 'http', id, endpoint }, caller);
  return session ? { session, caller } : sessionNotFound();
}

const isInitialize = (message: JsonRpcMessage): message is JsonRpcRequest =>
  isRequest(message) && message.method === 'initialize';

const missingSession = (id?: RequestId): Refusal => badRequest('Mcp-Session-Id header is required', id);
