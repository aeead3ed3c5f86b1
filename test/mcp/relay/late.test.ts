import { expect, it } from 'vitest';
import { limits } from '../../../src/limits.ts';
import { startRelay } from './start-relay.ts';

const question = { id: 7, method: 'roots/list' };
const REFUSED = [{ id: 7, error: { code: -32_601 } }];

it('R51: a question right after another grant’s call was cancelled may be that one’s: it is refused', async () => {
  const { peer, join, pass } = await startRelay();
  const anna = join('a');
  const bert = join('b');
  anna.call(1);
  anna.cancel(1);
  bert.call(1);
  peer.life.say(question);
  expect(peer.life.answers()).toMatchObject(REFUSED);
  expect(bert.seen).toEqual([]);

  await pass(limits.upstreamLateMs + 1);
  peer.life.say({ ...question, id: 8 });
  expect(bert.seen).toMatchObject([{ method: 'roots/list' }]);
});

it('R51: so is one that no call explains, while another grant’s call has just ended', async () => {
  const { relay, peer, join, pass } = await startRelay();
  const anna = join('a');
  const bert = join('b');
  anna.call(1);
  peer.life.result(peer.life.requests('tools/call')[0]?.id, {});
  relay.detach(anna);
  peer.life.say(question);
  expect(peer.life.answers()).toMatchObject(REFUSED);

  await pass(limits.upstreamLateMs + 1);
  peer.life.say({ ...question, id: 8 });
  expect(bert.seen).toMatchObject([{ method: 'roots/list' }]);
});

it('hears of a part of what it subscribed to, and of nothing that only begins alike', async () => {
  const { peer, join } = await startRelay();
  const anna = join('a');
  anna.call(1, 'resources/subscribe', { uri: 'file:///docs' });
  const before = anna.told.length;
  for (const uri of ['file:///docs/a.md', 'file:///docs2', 'file:///docs']) {
    peer.life.say({ method: 'notifications/resources/updated', params: { uri } });
  }
  expect(anna.told.slice(before).map(({ params }) => params?.uri)).toEqual([
    'file:///docs/a.md',
    'file:///docs',
  ]);
});

it('an unsubscription does not undo another one’s subscription that is on its way', async () => {
  const { peer, join } = await startRelay({ isLazy: false });
  const [anna, bert] = [join('a'), join('b')];
  anna.call(1, 'resources/subscribe', { uri: 'u' });
  anna.call(2, 'resources/unsubscribe', { uri: 'u' });
  bert.call(1, 'resources/subscribe', { uri: 'u' });
  expect(peer.life.requests('resources/unsubscribe')).toHaveLength(1);
  peer.life.say({ method: 'notifications/resources/updated', params: { uri: 'u' } });
  expect([anna.told.length, bert.told.length]).toEqual([0, 1]);
});
