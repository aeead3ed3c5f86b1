import { isObject } from '../../json-object.ts';
import { limits } from '../../limits.ts';
import type { Client } from '../client.ts';
import type { JsonRpcResponse, Params, RequestId } from '../json-rpc.ts';
import { type PendingCall, progressTokenOf } from './pending-calls.ts';

/** Beyond so many the oldest is forgotten, and with it the way to its owner. */
const MAX_TASKS = 10_000;
const RELATED_TASK = 'io.modelcontextprotocol/related-task';

export interface TaskOwners {
  /** Remembers whose task the response to a call has created. */
  note(call: PendingCall, response: JsonRpcResponse): void;
  of(taskId: unknown): Client | undefined;
  /** Whose task it is that progress is told of, and under which token; undefined if it is none's. */
  progressOf(token: unknown): { readonly client: Client; readonly progressToken: RequestId } | undefined;
  /** The response of `tasks/list` without other people's tasks. */
  onlyOwn(client: Client, response: JsonRpcResponse): JsonRpcResponse;
}

/** The task that a message of the server says it belongs to. */
export function relatedTask(params: Params | undefined): unknown {
  const meta = params?._meta;
  const related = isObject(meta) ? meta[RELATED_TASK] : undefined;
  return isObject(related) ? related.taskId : undefined;
}

/** Puts an entry in; beyond `MAX_TASKS` the oldest goes. */
function keep<V>(map: Map<unknown, V>, key: unknown, value: V): void {
  map.set(key, value);
  const [oldest] = map.keys();
  if (map.size > MAX_TASKS) map.delete(oldest);
}

/**
 * Tasks outlive the request that began them, and its progress token holds as long as they do; a shared server knows all
 * of them (2025-11-25 tasks).
 */
export function createTaskOwners(): TaskOwners {
  const owners = new Map<unknown, Client>();
  const tokens = new Map<unknown, { client: Client; progressToken: RequestId }>();
  const isOwn = (client: Client, task: unknown): boolean =>
    isObject(task) && owners.get(task.taskId)?.grantId === client.grantId;
  return {
    note({ client, request, ownId }, response) {
      const task = 'result' in response && isObject(response.result) ? response.result.task : undefined;
      if (!isObject(task) || typeof task.taskId !== 'string') return;
      if (task.taskId.length > limits.upstreamIdLength) return;
      keep(owners, task.taskId, client);
      const progressToken = progressTokenOf(request.params);
      if (progressToken !== undefined) keep(tokens, ownId, { client, progressToken });
    },
    of: (taskId) => owners.get(taskId),
    progressOf: (token) => tokens.get(token),
    onlyOwn(client, response) {
      if (!('result' in response) || !isObject(response.result)) return response;
      const { tasks } = response.result;
      if (!Array.isArray(tasks)) return response;
      const own = tasks.filter((task) => isOwn(client, task));
      return { ...response, result: { ...response.result, tasks: own } };
    },
  };
}
