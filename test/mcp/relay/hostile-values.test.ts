import { expect, it } from 'vitest';
import { createScriptedPeer } from './scripted-peer.ts';
import { startRelay } from './start-relay.ts';

/** JSON for which `String` and templates throw. */
const UNSPEAKABLE = { toString: 1, valueOf: 1 };
const TOOLS = { tools: [{ name: 'one', inputSchema: { type: 'object' } }] };

async function startBusy() {
  const started = await startRelay();
  const anna = started.join('a');
  const bert = started.join('b');
  const listed = anna.call(1, 'tools/list', {});
  started.peer.life.result(started.peer.life.requests('tools/list')[0]?.id, TOOLS);
  expect(listed.response).toMatchObject({ result: TOOLS });
  return { ...started, anna, bert };
}

it.each(['constructor', 'toString', '__proto__', 'hasOwnProperty'])(
  'takes a notification called %s for an unknown one: it ends nothing and is not told to everybody (R54)',
  async (method) => {
    const { peer, anna, bert } = await startBusy();
    const called = anna.call(2);
    peer.life.say({ method });
    expect(bert.told).toEqual([]);
    expect(called.notes).toEqual([{ jsonrpc: '2.0', method }]);
  },
);

it.each([
  ['an update', { method: 'notifications/resources/updated', params: { uri: UNSPEAKABLE } }],
  [
    'a finished page',
    { method: 'notifications/elicitation/complete', params: { elicitationId: UNSPEAKABLE } },
  ],
  ['a task', { method: 'notifications/tasks/status', params: { taskId: UNSPEAKABLE } }],
  ['progress', { method: 'notifications/progress', params: { progressToken: UNSPEAKABLE } }],
  ['a log message', { method: 'notifications/message', params: { level: UNSPEAKABLE } }],
  [
    'a question',
    { id: 7, method: 'elicitation/create', params: { mode: UNSPEAKABLE, elicitationId: UNSPEAKABLE } },
  ],
])('lives through %s that names what cannot be told as text (R54)', async (_, message) => {
  const { peer, anna } = await startBusy();
  const called = anna.call(2);
  peer.life.say(message);
  peer.life.result(peer.life.requests('tools/call')[0]?.id, { content: [] });
  expect(called.response).toMatchObject({ result: { content: [] } });
});

it('lives through an error whose code cannot be told as text (R54)', async () => {
  const { peer, anna } = await startBusy();
  const called = anna.call(2);
  const { life } = peer;
  life.say({ id: life.requests('tools/call')[0]?.id, error: { code: UNSPEAKABLE, message: UNSPEAKABLE } });
  expect(called.response).toHaveProperty('error');
});

it('lives through a subscription to what is no text, if the server takes it (R54)', async () => {
  const { anna } = await startBusy();
  const made = anna.call(2, 'resources/subscribe', { uri: UNSPEAKABLE });
  expect(made.response).toBeDefined();
});

it('lives through a refusal to begin whose message cannot be told as text (R54)', async () => {
  const peer = createScriptedPeer(({ method }) =>
    method === 'initialize' ? { error: { code: -1, message: UNSPEAKABLE } } : undefined,
  );
  const { relay, pass } = await startRelay({ peer, isLazy: true });
  await Promise.all([expect(relay.initialize()).rejects.toThrow('refused'), pass(0)]);
});
