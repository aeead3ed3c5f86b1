import { expect, it } from 'vitest';
import { limits } from '../../../src/limits.ts';
import { createScriptedPeer } from './scripted-peer.ts';
import { startRelay } from './start-relay.ts';

it('R52: keeps no page of a list under a cursor that no server gives', async () => {
  const peer = createScriptedPeer(({ method }) =>
    method === 'tools/list' ? { result: { tools: [] } } : undefined,
  );
  const { join, saved } = await startRelay({ peer });
  const anna = join('a');
  anna.call(1, 'tools/list', {});
  anna.call(2, 'tools/list', { cursor: 'x'.repeat(limits.upstreamIdLength + 1) });
  anna.call(3, 'tools/list', { cursor: { is: 'an object' } });
  expect(Object.keys(saved()!.lists)).toEqual(['["tools/list",null]']);
});

it('R52: subscribes to no resource whose address is longer than any may be', async () => {
  const { join, peer, relay } = await startRelay();
  const anna = join('a');
  const uri = 'x'.repeat(limits.resourceUriLength);
  expect(anna.call(1, 'resources/subscribe', { uri }).response).toHaveProperty('result');
  expect(anna.call(2, 'resources/subscribe', { uri: `${uri}x` }).response).toMatchObject({
    error: { code: -32_602 },
  });
  expect(peer.life.requests('resources/subscribe')).toHaveLength(1);
  expect(relay.stateOf(anna).subscriptions).toEqual([uri]);
});
