/** From a client to the server: what is answered here, what waits for its turn, and what becomes of it. */
import { isObject } from '../../json-object.ts';
import type { Client } from '../client.ts';
import {
  ERROR,
  type JsonRpcNotification,
  type JsonRpcResponse,
  jsonRpcError,
  type RequestId,
} from '../json-rpc.ts';
import { askHeld, refuseHeld } from './addressee.ts';
import { takeList } from './lists.ts';
import { answerHere, isNotice } from './local-answers.ts';
import { unpark } from './parking.ts';
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

/** The call no longer waits: the next one has its turn, and a question may have become clear. */
function conclude(state: RelayState, ownId: RequestId): PendingCall | undefined {
  const call = state.pending.take(ownId);
  if (!call) return undefined;
  state.usedMs = state.nowMs();
  state.served.note(call.client.grantId);
  state.turns.end(call.ownId);
  unpark(state, call.ownId);
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

function failBehind(state: RelayState, ownId: number): void {
  fail(state, ownId, `the server ${state.name} is behind; try again`);
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
    state.subscriptions.add(client, request.params?.uri as string);
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
  if (state.peer.isFull()) {
    // In a turn of its own: calls that wait for theirs would fail inside of one another.
    queueMicrotask(() => failBehind(state, ownId));
    return;
  }
  call.isSent = true;
  const request = asOwn(call);
  const bytes = state.peer.send(request, call.caller);
  state.pending.letGo(call, bytes);
  state.traffic.record({
    direction: 'to-server',
    kind: 'request',
    method: request.method,
    bytes,
    message: request,
  });
  if (!state.isFresh) return;
  state.isFresh = false;
  askHeld(state);
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
  const pending = state.pending.add(call);
  const { ownId } = pending;
  state.calls++;
  if (NEVER_ASKS.has(call.request.method)) transmit(state, ownId);
  else state.turns.take(ownId, call.client.grantId, () => transmit(state, ownId));
  if (!pending.isSent && !state.pending.wait(pending)) failBehind(state, ownId);
}

/** What a client says without waiting for an answer. */
export function takeNotice(state: RelayState, client: Client, notification: JsonRpcNotification): void {
  const { method, params } = notification;
  if (method === 'notifications/initialized' || !isNotice(method)) return;
  if (!state.peer.isUp() || state.peer.isFull()) return;
  // Progress of a client is about a question: one that was never asked of it is none of its business.
  if (method === 'notifications/progress' && !state.questions.isProgress(client, params?.progressToken))
    return;
  sayToServer(state, notification);
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

/** The server ended: whatever it had been sent gets an error, what waits for its turn waits for the next one. */
export function failSent(state: RelayState): void {
  for (const { ownId } of state.pending.all().filter(({ isSent }) => isSent)) {
    fail(state, ownId, `the server ${state.name} ended during the call`);
  }
}
