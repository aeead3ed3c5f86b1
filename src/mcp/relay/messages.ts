/** From the server to its clients: each message to the one it is for, and to nobody else. */
import type { JsonRpcMessage, JsonRpcNotification, JsonRpcRequest } from '../json-rpc.ts';
import type { Details } from '../upstream.ts';
import { notifyAddressee, takeQuestion } from './addressee.ts';
import { LISTS_BY_CHANGE } from './catalog.ts';
import { announce } from './lists.ts';
import { settle } from './requests.ts';
import { type RelayState, sayToServer } from './state.ts';

function takeUpdate({ subscriptions, watchers }: RelayState, update: JsonRpcNotification): void {
  const uri = update.params?.uri;
  if (typeof uri !== 'string') return;
  for (const client of subscriptions.clientsOf(uri)) client.tell(update);
  for (const watcher of watchers) watcher(update);
}

/** A page was done with, or a task has moved on: tells the one whose it is, if that one is still there. */
function tellOwner(state: RelayState, notification: JsonRpcNotification): void {
  const { elicitationId, taskId } = notification.params ?? {};
  const owner =
    notification.method === 'notifications/tasks/status'
      ? state.owners.of(taskId)
      : state.elicitations.get(elicitationId);
  if (owner && state.clients.has(owner)) owner.tell(notification);
}

function tellTaskProgress({ owners, clients }: RelayState, notification: JsonRpcNotification): void {
  const { client, progressToken } = owners.progressOf(notification.params?.progressToken) ?? {};
  if (!client || !clients.has(client)) return;
  client.tell({ ...notification, params: { ...notification.params, progressToken } });
}

function takeNotification(state: RelayState, message: JsonRpcNotification, { relatedId }: Details): void {
  const { method, params } = message;
  const lists = LISTS_BY_CHANGE.get(method);
  if (lists) {
    state.catalog.forget(lists);
    announce(state, message);
    return;
  }
  switch (method) {
    case 'notifications/progress':
      if (!state.pending.progress(message)) tellTaskProgress(state, message);
      break;
    case 'notifications/resources/updated':
      takeUpdate(state, message);
      break;
    case 'notifications/cancelled':
      state.questions.cancel(message);
      for (const one of state.held) if (one.question.id === params?.requestId) state.held.delete(one);
      break;
    case 'notifications/elicitation/complete':
    case 'notifications/tasks/status':
      tellOwner(state, message);
      break;
    case 'notifications/message':
      notifyAddressee(state, message, {
        relatedId,
        // A stateless request has a level of its own, and its leg sees to that.
        admits: ({ client }) => !state.clients.has(client) || state.levels.admits(client, params?.level),
      });
      break;
    default:
      notifyAddressee(state, message, { relatedId });
  }
}

function takeRequest(state: RelayState, question: JsonRpcRequest): void {
  if (question.method === 'ping') sayToServer(state, { jsonrpc: '2.0', id: question.id, result: {} });
  else takeQuestion(state, question);
}

/** Takes whatever the server says. */
export function takeMessage(state: RelayState, message: JsonRpcMessage, details: Details): void {
  if (!('method' in message)) {
    settle(state, message, details.bytes);
    return;
  }
  const isRequest = 'id' in message;
  state.traffic.record({
    direction: 'to-client',
    kind: isRequest ? 'request' : 'notification',
    method: message.method,
    bytes: details.bytes,
    message,
  });
  if (isRequest) takeRequest(state, message);
  else takeNotification(state, message, details);
}
