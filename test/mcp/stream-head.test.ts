import { expect, it } from 'vitest';
import { ENGINES } from '../support/listen.ts';
import { openSession, send } from './client.ts';
import { createScriptedUpstream } from './scripted-upstream.ts';
import { serveMcp } from './serve.ts';

it.each(ENGINES)('on %s the head of a stream comes at once, not with its first event', async (engine) => {
  const served = await serveMcp(
    engine,
    createScriptedUpstream(() => {}),
  );
  const token = served.token('grant');
  // Clients of this revision take an event without data for a broken message: nothing has to come first.
  const session = await openSession(served, token, '2025-06-18');
  const asked = performance.now();
  const response = await send('GET', `${served.url}/mcp`, { token, session });
  expect(response.status).toBe(200);
  expect(performance.now() - asked).toBeLessThan(5_000);
  await response.body?.cancel();
});
