import { expect, it } from 'vitest';
import { limits } from '../../../src/limits.ts';
import { createScriptedPeer } from './scripted-peer.ts';
import { startRelay } from './start-relay.ts';

it('R54: a server that is behind with its reading gets no more calls, and keeps those that it has', async () => {
  const { join, peer, pass } = await startRelay();
  const [anna, bert] = [join('a'), join('b')];
  const before = bert.call(1);
  peer.life.isFull = true;
  const refused = anna.call(1);
  anna.notify('notifications/large');
  await pass(0);
  expect(refused.response).toMatchObject({ error: { message: 'the server scripted is behind; try again' } });
  expect([peer.life.requests('tools/call').length, peer.life.notices('notifications/large')]).toEqual([
    1,
    [],
  ]);
  peer.life.isFull = false;
  anna.call(2);
  for (const { id } of peer.life.requests('tools/call')) peer.life.result(id, {});
  expect([before.response, anna.inFlight.size]).toMatchObject([{ result: {} }, 0]);
});

it('R54: calls that wait for their turn are refused one after the other, however many they are', async () => {
  const { join, peer, pass } = await startRelay();
  const anna = join('a');
  const first = anna.call('first');
  peer.life.say({ id: 1, method: 'roots/list' });
  const waiting = Array.from({ length: 3_000 }, (_, id) => anna.call(id));
  peer.life.isFull = true;
  peer.life.result(peer.life.requests('tools/call')[0]?.id, {});
  await pass(0);
  expect(first.response).toHaveProperty('result');
  expect(waiting.every(({ response }) => response && 'error' in response)).toBe(true);
});

it('R52: calls that wait hold so much at most; what is over is refused, and there is room again once they are sent', async () => {
  const { join, peer } = await startRelay();
  const [anna, bert] = [join('a'), join('b')];
  const large = { name: 'x', arguments: { all: 'x'.repeat(limits.waitingCallsLength / 4) } };
  const next = (): void => peer.life.result(peer.life.requests('tools/call').at(-1)?.id, {});
  anna.call('first');
  peer.life.say({ id: 1, method: 'roots/list' });
  const waiting = [1, 2, 3].map((id) => anna.call(id, 'tools/call', large));
  const over = bert.call(1, 'tools/call', large);
  expect(over.response).toMatchObject({ error: { message: 'the server scripted is behind; try again' } });
  expect([anna.inFlight.size, bert.inFlight.size]).toEqual([4, 0]);
  next();
  const another = bert.call(2, 'tools/call', large);
  for (let turn = 0; turn < 4; turn++) next();
  expect([...waiting, another].map(({ response }) => response)).toMatchObject(Array(4).fill({ result: {} }));
  anna.call(5);
  for (let id = 10; id < 20; id++) {
    bert.call(id, 'tools/call', large);
    bert.cancel(id);
  }
  expect(bert.call(20, 'tools/call', large).response).toBeUndefined();
});

it('R54: one that stays behind counts as hung, though no call waits for it', async () => {
  const mute = createScriptedPeer(({ method }) => (method === 'ping' ? 'silence' : undefined));
  const { join, peer, pass } = await startRelay({ peer: mute });
  join('a');
  peer.life.isFull = true;
  await pass(limits.upstreamHangMs - 1_000);
  expect(peer.lives[0]!.isClosed).toBe(false);
  await pass(2_000);
  expect(peer.lives[0]!.isClosed).toBe(true);
});
