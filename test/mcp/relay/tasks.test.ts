import { describe, expect, it } from 'vitest';
import type { JsonRpcResponse } from '../../../src/mcp/json-rpc.ts';
import type { Life } from './scripted-peer.ts';
import { type ScriptedClient, startRelay } from './start-relay.ts';

const RELATED = 'io.modelcontextprotocol/related-task';

async function startTwo() {
  const started = await startRelay();
  const { peer, join } = started;
  return { ...started, anna: join('a'), bert: join('b'), life: peer.life };
}

/** Answers the last request that the server got. */
function answerLast(life: Life, method: string, result: unknown): void {
  life.result(life.requests(method).at(-1)!.id, result);
}

function begin(client: ScriptedClient, life: Life, taskId: string): JsonRpcResponse | undefined {
  const made = client.call(taskId, 'tools/call', { name: 'slow', task: { ttl: 1 } });
  answerLast(life, 'tools/call', { task: { taskId, status: 'working', 'x-unknown': 1 } });
  return made.response;
}

const NOT_FOUND = { code: -32_602, message: 'Task not found' };

describe('tasks', () => {
  it('are begun and fetched by their owner, unchanged', async () => {
    const { anna, life } = await startTwo();
    expect(begin(anna, life, 't')).toEqual({
      jsonrpc: '2.0',
      id: 't',
      result: { task: { taskId: 't', status: 'working', 'x-unknown': 1 } },
    });
    const made = anna.call(1, 'tasks/result', { taskId: 't' });
    const result = { content: [], _meta: { [RELATED]: { taskId: 't' } } };
    answerLast(life, 'tasks/result', result);
    expect(made.response).toEqual({ jsonrpc: '2.0', id: 1, result });
  });

  it.each(['tasks/get', 'tasks/result', 'tasks/cancel'])(
    '%s of another grant’s task never reaches the server; the owner’s other session may',
    async (method) => {
      const { anna, bert, life, join } = await startTwo();
      begin(anna, life, 't');
      for (const taskId of ['t', 'never', '__proto__', null, 1]) {
        const { response } = bert.call(1, method, { taskId });
        expect(response).toEqual({ jsonrpc: '2.0', id: 1, error: NOT_FOUND });
      }
      expect(life.requests(method)).toEqual([]);
      join('a').call(1, method, { taskId: 't' });
      expect(life.requests(method).map(({ params }) => params)).toEqual([{ taskId: 't' }]);
    },
  );

  it('are listed to their owner alone', async () => {
    const { anna, bert, life } = await startTwo();
    begin(anna, life, 't');
    begin(bert, life, 'u');
    const made = bert.call(1, 'tasks/list', {});
    const tasks = ['t', 'u', 'v'].map((taskId) => ({ taskId, status: 'working' }));
    answerLast(life, 'tasks/list', { tasks: [...tasks, null], nextCursor: 'n' });
    const result = { tasks: [{ taskId: 'u', status: 'working' }], nextCursor: 'n' };
    expect(made.response).toEqual({ jsonrpc: '2.0', id: 1, result });
  });

  it('R54: whose a task with an endless id is, is not remembered', async () => {
    const { anna, bert, life } = await startTwo();
    const [longest, longer] = [1_024, 1_025].map((length) => 'x'.repeat(length));
    for (const taskId of [longest!, longer!]) begin(anna, life, taskId);
    expect(anna.call(1, 'tasks/get', { taskId: longer }).response).toMatchObject({ error: NOT_FOUND });
    expect(bert.call(1, 'tasks/get', { taskId: longest }).response).toMatchObject({ error: NOT_FOUND });
    anna.call(2, 'tasks/get', { taskId: longest });
    expect(life.requests('tasks/get').map(({ params }) => params)).toEqual([{ taskId: longest }]);
  });

  it('their status is told to the owner, and to nobody if that one has left', async () => {
    const { relay, anna, bert, life } = await startTwo();
    begin(anna, life, 't');
    const status = { method: 'notifications/tasks/status', params: { taskId: 't', status: 'completed' } };
    life.say(status);
    life.say({ ...status, params: { taskId: 'never' } });
    expect([anna.told, bert.told]).toEqual([[{ jsonrpc: '2.0', ...status }], []]);
    relay.detach(anna);
    life.say(status);
    expect([anna.told.length, bert.told]).toEqual([1, []]);
  });

  it('their progress goes on under the token of the call that began them, to its client alone', async () => {
    const { relay, anna, bert, life } = await startTwo();
    const params = { task: {}, _meta: { progressToken: 1 } };
    const made = [anna, bert].map((client) => client.call(1, 'tools/call', params));
    const [first, second] = life.requests('tools/call');
    life.result(first!.id, { task: { taskId: 't' } });
    life.result(second!.id, { content: [] });
    for (const { id } of [first!, second!]) {
      life.say({
        method: 'notifications/progress',
        params: { progressToken: id, progress: 1, 'x-unknown': 1 },
      });
    }
    const told = { progressToken: 1, progress: 1, 'x-unknown': 1 };
    expect([anna.told, bert.told]).toEqual([
      [{ jsonrpc: '2.0', method: 'notifications/progress', params: told }],
      [],
    ]);
    expect(made.map(({ notes }) => notes)).toEqual([[], []]);
    relay.detach(anna);
    life.say({ method: 'notifications/progress', params: { progressToken: first!.id, progress: 2 } });
    expect(anna.told.length).toBe(1);
  });

  it('a question of a task reaches its owner, whatever else is under way', async () => {
    const { anna, bert, life } = await startTwo();
    begin(anna, life, 't');
    const other = bert.call(1);
    const _meta = { [RELATED]: { taskId: 't' } };
    life.say({ id: 7, method: 'sampling/createMessage', params: { _meta } });
    expect([anna.told.length, other.questions]).toEqual([1, []]);
    anna.answer({ id: (anna.told[0] as { id: number }).id, result: 1 });
    expect(life.answers()).toEqual([{ jsonrpc: '2.0', id: 7, result: 1 }]);
  });

  it('whoever waits for the result is asked on that stream', async () => {
    const { anna, life } = await startTwo();
    begin(anna, life, 't');
    const waiting = anna.call(1, 'tasks/result', { taskId: 't' });
    life.say({ id: 7, method: 'roots/list', params: { _meta: { [RELATED]: { taskId: 't' } } } });
    expect([anna.told, waiting.questions.length]).toEqual([[], 1]);
  });

  it('a question of a task whose owner has left is refused, never asked of the one who is there', async () => {
    const { relay, anna, bert, life } = await startTwo();
    begin(anna, life, 't');
    relay.detach(anna);
    for (const taskId of ['t', 'never']) {
      life.say({ id: taskId, method: 'roots/list', params: { _meta: { [RELATED]: { taskId } } } });
    }
    expect(bert.seen).toEqual([]);
    expect(life.answers()).toMatchObject([
      { id: 't', error: { code: -32_601 } },
      { id: 'never', error: { code: -32_601 } },
    ]);
  });
});

describe('pages that clients are sent to', () => {
  const complete = (elicitationId: unknown) => ({
    method: 'notifications/elicitation/complete',
    params: { elicitationId },
  });

  it('that one is done is told to who was sent there', async () => {
    const { anna, bert, life } = await startTwo();
    anna.call(1);
    life.say({ id: 7, method: 'elicitation/create', params: { mode: 'url', elicitationId: 'e' } });
    const endless = 'x'.repeat(1_025);
    life.say({ id: 8, method: 'elicitation/create', params: { mode: 'url', elicitationId: endless } });
    answerLast(life, 'tools/call', {});
    for (const id of ['e', 'never', 'constructor', undefined, endless]) life.say(complete(id));
    expect([anna.told, bert.told]).toEqual([[{ jsonrpc: '2.0', ...complete('e') }], []]);
  });

  it('-32042 passes with code, data and all, and names such a page too', async () => {
    const { anna, bert, life } = await startTwo();
    const made = bert.call(1);
    const data = { elicitations: [{ mode: 'url', elicitationId: 'e', url: 'https://page', message: 'go' }] };
    const error = { code: -32_042, message: 'sign in first', data, 'x-unknown': 1 };
    life.say({ id: life.requests('tools/call')[0]!.id, error });
    expect(made.response).toEqual({ jsonrpc: '2.0', id: 1, error });
    life.say(complete('e'));
    expect([anna.told, bert.told]).toEqual([[], [{ jsonrpc: '2.0', ...complete('e') }]]);
  });
});
