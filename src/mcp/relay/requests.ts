/** From a client to the server: what is answered here, what waits for its turn, and what becomes of it. */

import { isObject } from '../../json-object.ts';
import {
  ERROR,
  type JsonRpcError,
  type JsonRpcRequest,
  type JsonRpcResponse,
  jsonRpcError,
  type Params,
  type RequestId,
} from '../json-rpc.ts';
import { askHeld, refuseHeld } from './addressee.ts';
import { isDeclared } from './catalog.ts';
import { takeList } from './lists.ts';
import { isLogLevel } from './log-levels.ts';
import { asOwn, asTheirs, type Call, type PendingCall } from './pending-calls.ts';
import { noteElicitation, type RelayState, sayToServer } from './state.ts';

/** Requests in which a server has no reason to ask its client anything: they never wait for a turn. */
const NEVER_ASKS: ReadonlySet<string> = new Set([
  'completion/complete',
  'logging/setLevel',
  'prompts/list',
  'resources/list',
  'resources/subscribe',
  'resources/templates/list',
  'resources/unsubscribe',
  'tasks/cancel',
  'tasks/get',
  'tasks/list',
  'tasks/result',
  'tools/list',
]);

type Answer = { readonly result: Params } | JsonRpcError;
const DONE: Answer = { result: {} };

const invalid = (message: string, { id }: JsonRpcRequest): Answer =>
  jsonRpcError(ERROR.invalidParams, message, id);

const isSubscribe = ({ method, params }: JsonRpcRequest, uri: string): boolean =>
  method === 'resources/subscribe' && params?.uri === uri;

/** Subscriptions of all clients are one for the server: only the first and the last one reach it. */
function answerSubscription(state: RelayState, { client, request }: Call): Answer | undefined {
  const { subscriptions, pending } = state;
  const uri = request.params?.uri;
  if (typeof uri !== 'string') return undefined;
  if (request.method === 'resources/unsubscribe') {
    const isSubscribed = subscriptions.urisOf(client).includes(uri);
    const isLast = isSubscribed && subscriptions.remove(client, uri);
    // Somebody else's subscription may be on its way: it must not be undone behind its back.
    return isLast && !pending.all().some(({ request: open }) => isSubscribe(open, uri)) ? undefined : DONE;
  }
  if (!subscriptions.hasRoom(client, uri)) return invalid('too many subscriptions', request);
  if (!subscriptions.has(uri)) return undefined;
  subscriptions.add(client, uri);
  return DONE;
}

function answerLevel({ levels, peer, catalog }: RelayState, { client, request }: Call): Answer | undefined {
  const level = request.params?.level;
  if (!isLogLevel(level) || !isDeclared(catalog.initialize() ?? {}, 'logging')) return undefined;
  levels.set(client, level);
  return levels.raise(level) && peer.isUp() ? undefined : DONE;
}

function answerTask({ owners }: RelayState, { client, request }: Call): Answer | undefined {
  const taskId = request.params?.taskId;
  if (taskId === undefined || owners.of(taskId)?.grantId === client.grantId) return undefined;
  return invalid('Task not found', request);
}

/** A list that was kept, while the server does not run. */
function answerList({ catalog, peer, unchecked }: RelayState, { request }: Call): Answer | undefined {
  const result = peer.isUp() ? undefined : catalog.list(request);
  if (!result) return undefined;
  unchecked.add(request.method);
  return { result };
}

function answerHere(state: RelayState, call: Call): Answer | undefined {
  const { method } = call.request;
  if (method === 'resources/subscribe' || method === 'resources/unsubscribe') {
    return answerSubscription(state, call);
  }
  if (method === 'logging/setLevel') return answerLevel(state, call);
  return method.startsWith('tasks/') ? answerTask(state, call) : answerList(state, call);
}

/** The call no longer waits: the next one has its turn, and a question may have become clear. */
function conclude(state: RelayState, ownId: RequestId): PendingCall | undefined {
  const call = state.pending.take(ownId);
  if (!call) return undefined;
  state.usedMs = state.nowMs();
  state.served.note(call.client.grantId);
  state.turns.end(call.ownId);
  state.parked.delete(call.ownId);
  askHeld(state);
  return call;
}

/** Another definition has waited for the last call to end, with all that its answer says. */
function restartIfStale(state: RelayState): void {
  if (state.isStale && state.pending.size === 0) restart(state);
}

/** Ends the server and, if somebody misses it, starts it again, for it has another definition now. */
export function restart(state: RelayState): void {
  state.isStale = false;
  state.catalog.clear();
  void state.peer.stop();
  if (state.clients.size > 0 || state.watchers.size > 0) state.peer.ready().catch(() => undefined);
}

function record(state: RelayState, call: Call, response: JsonRpcResponse, bytes: number | undefined): void {
  const { method, params } = call.request;
  const startedMs = 'startedMs' in call ? (call as PendingCall).startedMs : performance.now();
  state.traffic.record({
    direction: 'to-client',
    kind: 'response',
    method,
    params,
    startedMs,
    bytes,
    message: response,
  });
}

/** Gives a response to whoever waits for it; an id that nobody waits for is nobody's. */
export function settle(state: RelayState, response: JsonRpcResponse, bytes?: number): void {
  const call = response.id === undefined ? undefined : conclude(state, response.id);
  if (!call) return;
  record(state, call, response, bytes);
  call.reply.finish(asTheirs(call, noteResponse(state, call, response)), call.refused);
  restartIfStale(state);
}

function fail(state: RelayState, ownId: number, message: string): void {
  settle(state, jsonRpcError(ERROR.internal, message, ownId));
}

/** What a response says beside its answer: a subscription that holds, a list, a task, a page that was opened. */
function noteResponse(state: RelayState, call: PendingCall, response: JsonRpcResponse): JsonRpcResponse {
  const { client, request } = call;
  if ('error' in response) {
    const { data } = response.error;
    const pages = isObject(data) && Array.isArray(data.elicitations) ? data.elicitations : [];
    for (const page of pages) noteElicitation(state, client, page);
    return response;
  }
  if (request.method === 'resources/subscribe') {
    state.subscriptions.add(client, String(request.params?.uri));
  }
  if (request.method === 'tasks/list') return state.owners.onlyOwn(client, response);
  if (request.params?.task !== undefined) state.owners.note(call, response);
  return request.method.endsWith('/list') ? takeList(state, request, response) : response;
}

function transmit(state: RelayState, ownId: number): void {
  const call = state.pending.get(ownId);
  if (!call) return;
  if (!state.peer.isUp()) {
    state.peer.ready().then(
      () => transmit(state, ownId),
      () => fail(state, ownId, `the server ${state.name} did not start; claude-secure status tells why`),
    );
    return;
  }
  call.isSent = true;
  const request = asOwn(call);
  const bytes = state.peer.send(request, call.caller);
  state.traffic.record({
    direction: 'to-server',
    kind: 'request',
    method: request.method,
    bytes,
    message: request,
  });
}

/** Takes a request up; its answer comes by the call's `reply`. */
export function takeCall(state: RelayState, call: Call): void {
  const answer = answerHere(state, call);
  if (answer) {
    const response: JsonRpcResponse = { ...answer, jsonrpc: '2.0', id: call.request.id };
    record(state, call, response, undefined);
    call.reply.finish(response);
    return;
  }
  const { ownId } = state.pending.add(call);
  state.calls++;
  if (NEVER_ASKS.has(call.request.method)) transmit(state, ownId);
  else state.turns.take(ownId, () => transmit(state, ownId));
}

/** The client no longer wants an answer. */
export function cancelCall(state: RelayState, ownId: number, reason: unknown): void {
  if (state.pending.get(ownId)?.isSent) refuseHeld(state);
  const call = conclude(state, ownId);
  if (!call) return;
  if (call.isSent) {
    const params = { requestId: ownId, ...(typeof reason === 'string' && { reason }) };
    sayToServer(state, { jsonrpc: '2.0', method: 'notifications/cancelled', params });
    if (!NEVER_ASKS.has(call.request.method)) state.cancelled.note(call.client.grantId);
  }
  call.reply.abandon();
  restartIfStale(state);
}

/** The call waits for its client: others may have their turn. */
export function parkCall(state: RelayState, ownId: number): void {
  state.parked.add(ownId);
  state.turns.end(ownId);
  askHeld(state);
}

export function resumeCall(state: RelayState, ownId: number, proceed: () => void): void {
  state.turns.take(ownId, () => {
    state.parked.delete(ownId);
    proceed();
  });
}

/** The server ended: whatever it had been sent gets an error, what waits for its turn waits for the next one. */
export function failSent(state: RelayState): void {
  for (const { ownId } of state.pending.all().filter(({ isSent }) => isSent)) {
    fail(state, ownId, `the server ${state.name} ended during the call`);
  }
}
