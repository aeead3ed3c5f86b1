import { describe, expect, it } from 'vitest';
import type { Params, RequestId } from '../../../src/mcp/json-rpc.ts';
import { createScriptedPeer } from './scripted-peer.ts';
import { startRelay } from './start-relay.ts';

const IDS: readonly RequestId[] = [
  0,
  -1,
  1,
  Number.MAX_SAFE_INTEGER,
  Number.MIN_SAFE_INTEGER,
  '',
  '0',
  '1',
  'constructor',
  '__proto__',
  'hasOwnProperty',
  'x'.repeat(10_000),
];

/** Fields that no revision knows, and names that every object of JavaScript has. */
const STRANGE = JSON.parse(
  '{"x-unknown":[{"deep":null}],"__proto__":{"polluted":1},"constructor":2,"_meta":{"vendor/key":{"a":[1]},"__proto__":3}}',
) as Params;

async function startTwo() {
  const started = await startRelay();
  const { peer, join } = started;
  return { ...started, anna: join('a'), bert: join('b'), life: peer.life };
}

describe('request ids', () => {
  it.each(IDS)('%j of two clients are two requests, and each gets its own answer', async (id) => {
    const { anna, bert, life } = await startTwo();
    const [one, two] = [
      anna.call(id, 'tools/call', { who: 'anna' }),
      bert.call(id, 'tools/call', { who: 'bert' }),
    ];
    const requests = life.requests('tools/call');
    expect(new Set(requests.map((each) => each.id)).size).toBe(2);
    for (const each of [...requests].reverse()) life.result(each.id, each.params);
    expect(one.response).toStrictEqual({ jsonrpc: '2.0', id, result: { who: 'anna' } });
    expect(two.response).toStrictEqual({ jsonrpc: '2.0', id, result: { who: 'bert' } });
    expect([anna.inFlight.size, bert.inFlight.size]).toEqual([0, 0]);
  });

  it.each(IDS)('the progress token %j is its client’s own', async (progressToken) => {
    const { anna, bert, life } = await startTwo();
    const params = { _meta: { progressToken, 'vendor/key': 1 } };
    const [one, two] = [anna.call(1, 'tools/call', params), bert.call(1, 'tools/call', params)];
    for (const { id, params: sent } of life.requests('tools/call')) {
      expect(sent).toEqual({ _meta: { progressToken: id, 'vendor/key': 1 } });
      const told = { progressToken: id, progress: 1, total: 2, message: `of ${id}`, 'x-unknown': [1] };
      life.say({ method: 'notifications/progress', params: told });
    }
    for (const [made, { id }] of [
      [one, life.requests('tools/call')[0]!],
      [two, life.requests('tools/call')[1]!],
    ] as const) {
      expect(made.notes).toStrictEqual([
        {
          jsonrpc: '2.0',
          method: 'notifications/progress',
          params: { progressToken, progress: 1, total: 2, message: `of ${id}`, 'x-unknown': [1] },
        },
      ]);
    }
  });

  it.each([1.5, null, true, {}, 2 ** 60])(
    'a progress token of %j is no token: it gets nothing',
    async (progressToken) => {
      const { anna, life } = await startTwo();
      const made = anna.call(1, 'tools/call', { _meta: { progressToken } });
      const { id } = life.requests('tools/call')[0]!;
      for (const token of [progressToken, id, String(id)]) {
        life.say({ method: 'notifications/progress', params: { progressToken: token, progress: 1 } });
      }
      expect(made.notes).toEqual([]);
    },
  );

  it('progress after the answer, and for a call that asked for none, is dropped', async () => {
    const { anna, bert, life } = await startTwo();
    const made = anna.call(1, 'tools/call', { _meta: { progressToken: 1 } });
    bert.call(1);
    const [first, second] = life.requests('tools/call');
    life.result(first!.id, {});
    for (const { id } of [first!, second!]) {
      life.say({ method: 'notifications/progress', params: { progressToken: id, progress: 1 } });
    }
    expect([made.notes, anna.told, bert.seen]).toEqual([[], [], []]);
  });

  it('R54: answers under ids that are wrong, foreign or given twice are nobody’s', async () => {
    const { anna, bert, life } = await startTwo();
    const [one, two] = [anna.call('mine'), bert.call(1)];
    const { id } = life.requests('tools/call')[0]!;
    for (const wrong of ['mine', String(id), 999, -1, '', '__proto__', 'constructor'])
      life.result(wrong, 'x');
    life.say({ error: { code: -32_700, message: 'could not read that' } });
    expect([one.response, two.response]).toEqual([undefined, undefined]);
    life.result(id, 'first');
    life.result(id, 'second');
    expect([one.response, two.response]).toEqual([
      { jsonrpc: '2.0', id: 'mine', result: 'first' },
      undefined,
    ]);
  });

  it('a cancellation reaches the server under its own id, for the one call that was meant', async () => {
    const { anna, bert, life } = await startTwo();
    const [one, two] = [anna.call('__proto__'), bert.call('__proto__')];
    bert.cancel('__proto__', 'enough');
    bert.cancel('__proto__');
    anna.cancel('constructor');
    const [first, second] = life.requests('tools/call');
    expect(life.notices('notifications/cancelled').map(({ params }) => params)).toEqual([
      { requestId: second!.id, reason: 'enough' },
    ]);
    life.result(second!.id, 'too late');
    life.result(first!.id, 'fine');
    expect([one.response, two.response, two.isAbandoned]).toEqual([
      { jsonrpc: '2.0', id: '__proto__', result: 'fine' },
      undefined,
      true,
    ]);
  });
});

describe('what no revision knows', () => {
  const toServer = ['vendor/unknown', 'tools/call', 'tasks/list', 'resources/read', 'prompts/get'];

  it.each(toServer)('passes in the params of %s, and in its result', async (method) => {
    const { anna, life } = await startTwo();
    const made = anna.call(1, method, STRANGE);
    expect(JSON.stringify(life.requests(method)[0]!.params)).toBe(JSON.stringify(STRANGE));
    life.result(life.requests(method)[0]!.id, STRANGE);
    expect(JSON.stringify(made.response)).toBe(JSON.stringify({ jsonrpc: '2.0', id: 1, result: STRANGE }));
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
  });

  it.each(['tools/list', 'resources/list', 'prompts/list', 'resources/templates/list', 'vendor/list'])(
    'passes in a page of %s',
    async (method) => {
      const { anna, life } = await startTwo();
      const made = anna.call(1, method, STRANGE);
      const page = { ...STRANGE, tools: [{ name: 'x', ...STRANGE }], resources: 1, nextCursor: '' };
      life.result(life.requests(method)[0]!.id, page);
      expect(made.response).toStrictEqual({ jsonrpc: '2.0', id: 1, result: page });
    },
  );

  it.each([null, [], 'text', 0, false])('a result of %j passes', async (result) => {
    const { anna, life } = await startTwo();
    const made = anna.call(1, 'tools/list', {});
    life.result(life.requests('tools/list')[0]!.id, result);
    expect(made.response).toStrictEqual({ jsonrpc: '2.0', id: 1, result });
  });

  it('passes in an error', async () => {
    const { anna, life } = await startTwo();
    const made = anna.call(1, 'tools/call', {});
    const error = { code: -32_099, message: 'ö\u2028\ud800', data: STRANGE, 'x-unknown': 1 };
    life.say({ id: life.requests('tools/call')[0]!.id, error });
    expect(made.response).toStrictEqual({ jsonrpc: '2.0', id: 1, error });
  });

  it('passes in a notification of the server, to the caller alone', async () => {
    const { anna, bert, life } = await startTwo();
    const made = anna.call(1);
    life.say({ method: 'notifications/vendor/thing', params: STRANGE });
    expect(made.notes).toEqual([{ jsonrpc: '2.0', method: 'notifications/vendor/thing', params: STRANGE }]);
    expect(bert.seen).toEqual([]);
  });

  it('passes in a notification of a client, in the order in which things came', async () => {
    const { anna, life } = await startTwo();
    anna.call(1);
    anna.notify('notifications/vendor/thing', STRANGE);
    anna.notify('notifications/roots/list_changed');
    anna.call(2);
    const seen = life.received.slice(2).map((each) => 'method' in each && each.method);
    expect(seen).toEqual([
      'tools/call',
      'notifications/vendor/thing',
      'notifications/roots/list_changed',
      'tools/call',
    ]);
    expect(life.notices('notifications/vendor/thing')[0]!.params).toEqual(STRANGE);
  });

  it('a notification starts no server', async () => {
    const peer = createScriptedPeer();
    const { join, pass } = await startRelay({ peer, isLazy: true });
    join('a').notify('notifications/roots/list_changed');
    await pass(1);
    expect(peer.lives).toEqual([]);
  });
});
