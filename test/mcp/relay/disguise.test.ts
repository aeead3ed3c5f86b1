import { expect, it } from 'vitest';
import { startRelay } from './start-relay.ts';

it('R51: no client reaches another one’s call by a notification that has an id', async () => {
  const { join, peer } = await startRelay();
  const [anna, bert] = [join('a'), join('b')];
  anna.call(1);
  const requestId = peer.life.requests('tools/call')[0]!.id;
  const made = bert.call(1, 'notifications/cancelled', { requestId });
  expect(made.response).toMatchObject({ id: 1, error: { code: -32_601 } });
  expect(peer.life.requests('notifications/cancelled')).toEqual([]);
});

it('R51: a call without an id is none: what the server asks for it would be asked of another client', async () => {
  const { join, peer } = await startRelay();
  join('a').call(1);
  join('b').notify('tools/call', { name: 'asks' });
  expect(peer.life.notices('tools/call')).toEqual([]);
});
