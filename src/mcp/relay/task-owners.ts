import { isObject } from '../../json-object.ts';
import type { Client } from '../client.ts';
import type { JsonRpcResponse, Params } from '../json-rpc.ts';

/** Beyond so many the oldest is forgotten, and with it the way to its owner. */
const MAX_TASKS = 10_000;
const RELATED_TASK = 'io.modelcontextprotocol/related-task';

export interface TaskOwners {
  /** Remembers whose task a response has created. */
  note(client: Client, response: JsonRpcResponse): void;
  of(taskId: unknown): Client | undefined;
  /** The response of `tasks/list` without other people's tasks. */
  onlyOwn(client: Client, response: JsonRpcResponse): JsonRpcResponse;
}

/** The task that a message of the server says it belongs to. */
export function relatedTask(params: Params | undefined): unknown {
  const meta = params?._meta;
  const related = isObject(meta) ? meta[RELATED_TASK] : undefined;
  return isObject(related) ? related.taskId : undefined;
}

/** Tasks outlive the request that began them, and a shared server knows all of them (2025-11-25 tasks). */
export function createTaskOwners(): TaskOwners {
  const owners = new Map<unknown, Client>();
  const isOwn = (client: Client, task: unknown): boolean =>
    isObject(task) && owners.get(task.taskId)?.grantId === client.grantId;
  return {
    note(client, response) {
      const task = 'result' in response && isObject(response.result) ? response.result.task : undefined;
      if (!isObject(task) || typeof task.taskId !== 'string') return;
      owners.set(task.taskId, client);
      const [oldest] = owners.keys();
      if (owners.size > MAX_TASKS) owners.delete(oldest);
    },
    of: (taskId) => owners.get(taskId),
    onlyOwn(client, response) {
      if (!('result' in response) || !isObject(response.result)) return response;
      const { tasks } = response.result;
      if (!Array.isArray(tasks)) return response;
      const own = tasks.filter((task) => isOwn(client, task));
      return { ...response, result: { ...response.result, tasks: own } };
    },
  };
}
