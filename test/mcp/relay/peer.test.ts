import { expect, it, onTestFinished } from 'vitest';
import { createPeer } from '../../../src/mcp/relay/peer.ts';
import { createScriptedPeer } from './scripted-peer.ts';

it('a message that we fail at is logged, and the next one is taken', async () => {
  const upstream = createScriptedPeer();
  const logged: unknown[] = [];
  const taken: unknown[] = [];
  const ignore = (): void => undefined;
  let id = 0;
  const peer = createPeer({
    upstream,
    params: {},
    log: {
      error: (event, fields) => logged.push([event, fields]),
      info: ignore,
      debug: ignore,
      close: ignore,
    },
    nextId: () => ++id,
    nowMs: () => performance.now(),
    onMessage(message) {
      if (taken.push(message) === 1) throw new TypeError('a fault of ours');
    },
    onUp: ignore,
    onDown: ignore,
    isBusy: () => false,
    isMissed: () => false,
  });
  onTestFinished(() => peer.close());
  await peer.ready();
  upstream.life.say({ method: 'notifications/one' });
  upstream.life.say({ method: 'notifications/two' });
  expect(taken).toMatchObject([{ method: 'notifications/one' }, { method: 'notifications/two' }]);
  expect(logged).toEqual([['upstream.fault', { upstream: 'scripted', error: 'TypeError: a fault of ours' }]]);
});
