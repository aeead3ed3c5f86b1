import { expect, it } from 'vitest';
import { limits } from '../../../src/limits.ts';
import { createScriptedPeer } from './scripted-peer.ts';
import { startRelay } from './start-relay.ts';

const SECOND = 1_000;
const MUTE = createScriptedPeer.bind(undefined, ({ method }) => (method === 'ping' ? 'silence' : undefined));

it('R54: a server that says nothing for a minute, not even to a ping, is ended, and every call gets an error', async () => {
  const { relay, peer, join, pass } = await startRelay({ peer: MUTE() });
  const [anna, bert] = [join('a'), join('b')];
  const calls = [anna.call(1), bert.call(1)];
  await pass(limits.upstreamHangMs - SECOND);
  expect(calls.map(({ response }) => response)).toEqual([undefined, undefined]);
  expect(peer.life.requests('ping').length).toBe(1);
  await pass(2 * SECOND);
  const error = { code: -32_603, message: 'the server scripted ended during the call' };
  for (const { response } of calls) expect(response).toEqual({ jsonrpc: '2.0', id: 1, error });
  expect(peer.lives[0]!.isClosed).toBe(true);
  expect(relay.report().lastError).toBe('said nothing for 60 s, not even to a ping');
  await pass(2 * SECOND);
  expect(relay.report()).toMatchObject({ state: 'running', restarts: 1 });
});

it('one that answers pings may take as long as it likes', async () => {
  const { peer, join, pass } = await startRelay();
  const made = join('a').call(1);
  await pass(60 * limits.upstreamHangMs);
  expect(peer.life.requests('ping').length).toBeGreaterThan(50);
  peer.life.result(peer.life.requests('tools/call')[0]!.id, 'at last');
  expect(made.response).toEqual({ jsonrpc: '2.0', id: 1, result: 'at last' });
});

it('any word of it is a sign of life', async () => {
  const { peer, join, pass } = await startRelay({ peer: MUTE() });
  const made = join('a').call(1);
  for (let count = 0; count < 10; count++) {
    await pass(limits.upstreamHangMs - 2 * SECOND);
    peer.life.say({ method: 'notifications/message', params: { data: 'busy' } });
  }
  expect([made.response, made.notes.length, peer.life.isClosed]).toEqual([undefined, 10, false]);
});

it('one that nobody waits for may be silent', async () => {
  const { peer, join, pass } = await startRelay({ peer: MUTE() });
  join('a');
  await pass(10 * limits.upstreamHangMs);
  expect([peer.life.isClosed, peer.life.requests('ping')]).toEqual([false, []]);
});

it('one that has answered its last call is not ended for a ping that it left out', async () => {
  const { peer, join, pass } = await startRelay({ peer: MUTE() });
  const made = join('a').call(1);
  await pass(limits.upstreamHangMs - 20 * SECOND);
  peer.life.result(peer.life.requests('tools/call')[0]!.id, 'done');
  expect(made.response).toMatchObject({ result: 'done' });
  await pass(10 * limits.upstreamHangMs);
  expect(peer.lives.map(({ isClosed }) => isClosed)).toEqual([false]);
});
