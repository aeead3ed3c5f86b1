import { describe, expect, it } from 'vitest';
import { limits } from '../../../src/limits.ts';
import type { Life } from './scripted-peer.ts';
import { EVERYTHING, type ScriptedClient, type Started, startRelay } from './start-relay.ts';

const QUESTIONS = [
  ['sampling/createMessage', { messages: [], maxTokens: 1, 'x-unknown': { deep: [1] } }],
  ['elicitation/create', { message: 'who?', requestedSchema: { type: 'object', properties: {} } }],
  ['elicitation/create', { mode: 'url', url: 'https://page', elicitationId: 'e', message: 'go' }],
  ['roots/list', { _meta: { 'vendor/key': 1 } }],
  ['vendor/unknown', { any: 'thing' }],
] as const;

/** Two clients with a call of the same id and the same progress token. */
async function startTwo(started?: Started) {
  const story = started ?? (await startRelay());
  const [anna, bert] = [story.join('a'), story.join('b')];
  return { ...story, anna, bert, life: story.peer.life };
}

const ask = (life: Life, id: number | string = 'q', method = 'roots/list', params: object = {}): void =>
  life.say({ id, method, params });

/** The number that the client knows its one question by. */
const questionOf = ({ seen }: ScriptedClient): unknown =>
  (seen as { id?: unknown; method?: string }[]).find(({ id, method }) => id !== undefined && method)?.id;

describe('R54: a question of the server', () => {
  it.each(QUESTIONS)('%s reaches the caller alone, on its own call, unchanged', async (method, params) => {
    const { anna, bert, life } = await startTwo();
    const idle = bert.call(1);
    life.result(life.requests('tools/call')[0]!.id, 'done');
    const made = anna.call(1, 'tools/call', { _meta: { progressToken: 1 } });
    ask(life, 'q', method, params);
    expect(made.questions).toEqual([{ jsonrpc: '2.0', id: expect.any(Number), method, params }]);
    expect([anna.told, bert.told, idle.questions]).toEqual([[], [], []]);
    anna.answer({ id: questionOf(anna), result: { any: 1 }, 'x-top': true });
    expect(life.answers()).toEqual([{ jsonrpc: '2.0', id: 'q', result: { any: 1 }, 'x-top': true }]);
    life.result(life.requests('tools/call')[1]!.id, 'done');
    expect(made.response).toEqual({ jsonrpc: '2.0', id: 1, result: 'done' });
  });

  it('an error is an answer, with its code, its data and every field', async () => {
    const { anna, life } = await startTwo();
    anna.call(1);
    ask(life, 0);
    const error = { code: -1, message: 'user rejected', data: { a: [null] }, 'x-more': 1 };
    anna.answer({ id: questionOf(anna), error });
    expect(life.answers()).toEqual([{ jsonrpc: '2.0', id: 0, error }]);
  });

  it('nobody but who was asked answers it, and once: another client, the same grant’s other session, a second time, an id that never was', async () => {
    const { anna, bert, life, join } = await startTwo();
    const sibling = join('a');
    anna.call(1);
    ask(life);
    const id = questionOf(anna);
    bert.answer({ id, result: 'bert' });
    sibling.answer({ id, result: 'sibling' });
    for (const other of [String(id), 'q', 0, -1, '__proto__', 'constructor', undefined]) {
      anna.answer({ id: other, result: 'unknown' });
    }
    expect(life.answers()).toEqual([]);
    anna.answer({ id, result: 'anna' });
    anna.answer({ id, result: 'again' });
    expect(life.answers()).toEqual([{ jsonrpc: '2.0', id: 'q', result: 'anna' }]);
  });

  it('two at once of one call are answered in any order, each under the server’s own id', async () => {
    const { anna, life } = await startTwo();
    const made = anna.call(1);
    ask(life, 1, 'roots/list');
    ask(life, '1', 'sampling/createMessage');
    const [roots, sampling] = made.questions.map(({ id }) => id);
    anna.answer({ id: sampling, result: 'sampled' });
    anna.answer({ id: roots, result: 'rooted' });
    expect(life.answers().map((each) => [each.id, 'result' in each && each.result])).toEqual([
      ['1', 'sampled'],
      [1, 'rooted'],
    ]);
  });

  it.each([
    ['sampling/createMessage', {}, { roots: {} }, { sampling: {} }],
    ['sampling/createMessage', { tools: [] }, { sampling: {} }, { sampling: { tools: {} } }],
    ['sampling/createMessage', { toolChoice: {} }, { sampling: {} }, { sampling: { tools: {} } }],
    ['elicitation/create', {}, {}, { elicitation: {} }],
    ['elicitation/create', { mode: 'url' }, {}, { elicitation: { url: {} } }],
    ['elicitation/create', { mode: 'url' }, { elicitation: {} }, { elicitation: { url: {} } }],
    ['elicitation/create', { mode: 'form' }, { elicitation: { url: {} } }, { elicitation: { form: {} } }],
    ['elicitation/create', {}, { elicitation: { url: {} } }, { elicitation: { form: {} } }],
    ['roots/list', {}, { sampling: {} }, { roots: {} }],
    ['roots/list', {}, { roots: true }, { roots: {} }],
  ])('%s %j is refused where the client has only declared %j', async (method, params, declared, missing) => {
    const { join, life } = await startTwo();
    const poor = join('c', declared);
    const made = poor.call(1);
    ask(life, 'q', method, params);
    expect(poor.seen).toEqual([]);
    const message = `the client has not declared the capability for ${method}`;
    expect(life.answers()).toEqual([{ jsonrpc: '2.0', id: 'q', error: { code: -32_601, message } }]);
    life.result(life.requests('tools/call')[0]!.id, 'without');
    expect([made.response, made.refused]).toEqual([{ jsonrpc: '2.0', id: 1, result: 'without' }, missing]);
  });

  it.each([
    ['sampling/createMessage', { tools: [] }, { sampling: { tools: {} } }],
    ['elicitation/create', {}, { elicitation: {} }],
    ['elicitation/create', {}, { elicitation: { form: {} } }],
    ['elicitation/create', { mode: 'url' }, { elicitation: { url: {} } }],
    ['vendor/unknown', {}, {}],
  ])('%s %j is asked of a client that has declared %j', async (method, params, declared) => {
    const { join, life } = await startTwo();
    const made = join('c', declared).call(1);
    ask(life, 'q', method, params);
    expect(made.questions).toMatchObject([{ method, params }]);
  });
});

describe('the end of a question', () => {
  it('the server takes it back: its client is told, and its answer comes too late', async () => {
    const { anna, bert, life } = await startTwo();
    const made = anna.call(1);
    ask(life, 7);
    const id = questionOf(anna);
    life.say({ method: 'notifications/cancelled', params: { requestId: 7, reason: 'never mind' } });
    expect(made.notes).toEqual([
      {
        jsonrpc: '2.0',
        method: 'notifications/cancelled',
        params: { requestId: id, reason: 'never mind' },
      },
    ]);
    anna.answer({ id, result: 'late' });
    expect([life.answers(), bert.seen]).toEqual([[], []]);
  });

  it('taken back after its call has ended: the client is told on its session, where it still listens', async () => {
    const { anna, bert, life } = await startTwo();
    const made = anna.call(1);
    ask(life, 7);
    life.result(life.requests('tools/call')[0]!.id, 'done');
    life.say({ method: 'notifications/cancelled', params: { requestId: 7 } });
    const params = { requestId: questionOf(anna) };
    expect(anna.told).toEqual([{ jsonrpc: '2.0', method: 'notifications/cancelled', params }]);
    expect([made.notes, bert.seen]).toEqual([[], []]);
  });

  it('an answer after the call has ended still reaches the server that waits for it', async () => {
    const { anna, life } = await startTwo();
    anna.call(1);
    ask(life, 7);
    life.result(life.requests('tools/call')[0]!.id, 'done');
    anna.answer({ id: questionOf(anna), result: 'still' });
    expect(life.answers()).toEqual([{ jsonrpc: '2.0', id: 7, result: 'still' }]);
  });

  it('the client is gone: the server gets an error and its call is cancelled under its own id', async () => {
    const { relay, anna, life } = await startTwo();
    anna.call('same');
    ask(life, 7);
    const id = questionOf(anna);
    relay.detach(anna);
    const { id: requestId } = life.requests('tools/call')[0]!;
    expect(life.received.slice(-2)).toEqual([
      { jsonrpc: '2.0', id: 7, error: { code: -32_603, message: 'the client is gone' } },
      {
        jsonrpc: '2.0',
        method: 'notifications/cancelled',
        params: { requestId, reason: 'the client is gone' },
      },
    ]);
    anna.answer({ id, result: 'late' });
    expect(life.answers().length).toBe(1);
  });

  it('the server dies: its client is told that nobody wants to know any more', async () => {
    const { anna, bert, life } = await startTwo();
    const made = anna.call(1);
    ask(life, 7);
    const id = questionOf(anna);
    life.end();
    expect(made.notes).toEqual([
      {
        jsonrpc: '2.0',
        method: 'notifications/cancelled',
        params: { requestId: id, reason: 'the server ended' },
      },
    ]);
    anna.answer({ id, result: 'late' });
    expect([life.answers(), bert.seen]).toEqual([[], []]);
  });

  it('nobody answers within ten minutes: the server gets an error, not earlier', async () => {
    const { anna, life, pass } = await startTwo();
    anna.call(1);
    ask(life, 7);
    await pass(limits.askMs - limits.sseKeepAliveMs);
    expect(life.answers()).toEqual([]);
    await pass(3 * limits.sseKeepAliveMs);
    const error = { code: -32_603, message: 'the client did not answer in time' };
    expect(life.answers()).toEqual([{ jsonrpc: '2.0', id: 7, error }]);
    anna.answer({ id: questionOf(anna), result: 'late' });
    expect(life.answers().length).toBe(1);
  });
});

it('R54: a server that asks without end is refused beyond 32 open questions, each client by itself', async () => {
  const { relay, anna, bert, life, pass } = await startTwo();
  const made = anna.call(1);
  for (let id = 0; id <= limits.upstreamQuestions; id++) ask(life, id);
  expect(made.questions.length).toBe(limits.upstreamQuestions);
  const error = { code: -32_601, message: 'too many questions are open' };
  expect(life.answers()).toEqual([{ jsonrpc: '2.0', id: limits.upstreamQuestions, error }]);
  anna.answer({ id: questionOf(anna), result: 1 });
  ask(life, 'one more');
  expect(made.questions.length).toBe(limits.upstreamQuestions + 1);
  relay.park(anna, 1);
  const other = bert.call(1);
  await pass(limits.parkedTurnMs);
  ask(life, 'bert');
  expect(other.questions.length).toBe(1);
});

describe('whom to ask while no call is under way', () => {
  it('nobody: an error', async () => {
    const { peer } = await startRelay();
    ask(peer.life, 7, 'sampling/createMessage');
    const error = { code: -32_601, message: 'no client can be asked now' };
    expect(peer.life.answers()).toEqual([{ jsonrpc: '2.0', id: 7, error }]);
  });

  it('the one client there is', async () => {
    const { peer, join } = await startRelay();
    const anna = join('a');
    ask(peer.life, 7);
    anna.answer({ id: questionOf(anna), result: 1 });
    expect(peer.life.answers()).toEqual([{ jsonrpc: '2.0', id: 7, result: 1 }]);
  });

  it('one of two is none: an error, and neither learns of it', async () => {
    const { anna, bert, life } = await startTwo();
    ask(life, 7, 'sampling/createMessage');
    expect(life.answers()).toMatchObject([{ id: 7, error: { code: -32_601 } }]);
    expect([anna.seen, bert.seen]).toEqual([[], []]);
  });

  it('for the roots as soon as it starts: whoever makes the first call, and nobody later', async () => {
    const { anna, bert, life } = await startTwo();
    ask(life, 7);
    expect([life.answers(), anna.seen, bert.seen]).toEqual([[], [], []]);
    const made = bert.call(1, 'tools/list');
    expect(made.questions).toMatchObject([{ method: 'roots/list' }]);
    bert.answer({ id: questionOf(bert), result: { roots: [] } });
    expect(life.answers()).toEqual([{ jsonrpc: '2.0', id: 7, result: { roots: [] } }]);
    life.result(life.requests('tools/list')[0]!.id, { tools: [] });
    ask(life, 8);
    expect(life.answers().at(-1)).toMatchObject({ id: 8, error: { code: -32_601 } });
    expect(anna.seen).toEqual([]);
  });

  it('for the roots, and no call comes: an error in the end', async () => {
    const { life, pass } = await startTwo();
    ask(life, 7);
    await pass(limits.upstreamHangMs + limits.sseKeepAliveMs);
    expect(life.answers()).toMatchObject([{ id: 7, error: { code: -32_601 } }]);
  });

  it('a client that cannot be reached is an error', async () => {
    const { relay, peer } = await startRelay();
    const deaf = {
      grantId: 'a',
      capabilities: EVERYTHING,
      inFlight: new Map(),
      tell: () => false,
      isListening: () => false,
    };
    relay.attach(deaf);
    ask(peer.life, 7, 'sampling/createMessage');
    expect(peer.life.answers()).toMatchObject([{ id: 7, error: { code: -32_601 } }]);
  });
});

describe('progress of a client about a question', () => {
  const progress = { progressToken: 't', progress: 1, 'x-unknown': 2 };

  it('reaches the server while the question is open, unchanged', async () => {
    const { anna, life } = await startTwo();
    anna.call(1);
    ask(life, 7, 'sampling/createMessage', { _meta: { progressToken: 't' } });
    anna.notify('notifications/progress', progress);
    anna.answer({ id: questionOf(anna), result: 1 });
    anna.notify('notifications/progress', progress);
    expect(life.notices('notifications/progress').map(({ params }) => params)).toEqual([progress]);
  });

  it('of anybody else, or about another token, is dropped', async () => {
    const { anna, bert, life } = await startTwo();
    anna.call(1);
    ask(life, 7, 'sampling/createMessage', { _meta: { progressToken: 't' } });
    bert.notify('notifications/progress', progress);
    anna.notify('notifications/progress', { ...progress, progressToken: 'u' });
    anna.notify('notifications/progress');
    expect(life.notices('notifications/progress')).toEqual([]);
  });
});
