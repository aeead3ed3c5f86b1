/** Requests of which many clients' are one for the server, and those that it need not run for. */
import { limits } from '../../limits.ts';
import { ERROR, type JsonRpcError, type JsonRpcRequest, jsonRpcError, type Params } from '../json-rpc.ts';
import { isDeclared } from './catalog.ts';
import { isLogLevel } from './log-levels.ts';
import type { Call } from './pending-calls.ts';
import type { RelayState } from './state.ts';

export type Answer = { readonly result: Params } | JsonRpcError;

/**
 * Whether the method is one that nobody answers. A careless server goes by the method alone: as a request
 * `notifications/cancelled` would reach another client's call, and as a notification `tools/call` would be a call that
 * nobody knows of and whose questions are then asked of somebody else.
 */
export const isNotice = (method: string): boolean => method.startsWith('notifications/');

const DONE: Answer = { result: {} };

const invalid = (message: string, { id }: JsonRpcRequest): Answer =>
  jsonRpcError(ERROR.invalidParams, message, id);

const isSubscribe = ({ method, params }: JsonRpcRequest, uri: string): boolean =>
  method === 'resources/subscribe' && params?.uri === uri;

/** Subscriptions of all clients are one for the server: only the first and the last one reach it. */
function answerSubscription(state: RelayState, { client, request }: Call): Answer | undefined {
  const { subscriptions, pending } = state;
  const uri = request.params?.uri;
  if (typeof uri !== 'string' || uri.length > limits.resourceUriLength) {
    return invalid(`uri must be text of at most ${limits.resourceUriLength} characters`, request);
  }
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

/** The answer to a request that need not reach the server; undefined if it must. */
export function answerHere(state: RelayState, call: Call): Answer | undefined {
  const { id, method } = call.request;
  if (isNotice(method)) return jsonRpcError(ERROR.methodNotFound, 'this is no request', id);
  if (method === 'resources/subscribe' || method === 'resources/unsubscribe') {
    return answerSubscription(state, call);
  }
  if (method === 'logging/setLevel') return answerLevel(state, call);
  return method.startsWith('tasks/') ? answerTask(state, call) : answerList(state, call);
}
