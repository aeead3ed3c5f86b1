import { describe, expect, it, onTestFinished } from 'vitest';
import { limits } from '../../src/limits.ts';
import { ENGINES } from '../support/listen.ts';
import { waitFor } from '../support/wait-for.ts';
import { initialize, post, send } from './client.ts';
import { readEvents } from './event-reader.ts';
import { createScriptedUpstream } from './scripted-upstream.ts';
import { serveMcp } from './serve.ts';

const PER_SESSION = {
  name: 'own',
  command: 'x',
  args: [],
  env: {},
  envFile: undefined,
  cwd: undefined,
  sharing: 'per-session',
  enabled: true,
} as const;

describe.each(ENGINES)('on the engine %s', (engine) => {
  /** A server of which each session starts its own, and which takes for ever to start. */
  async function startSlow() {
    let starts = 0;
    let fail = (): void => {};
    const refused = new Promise<never>((_, reject) => {
      fail = () => reject(new Error('never came up'));
    });
    refused.catch(() => undefined);
    const upstream = createScriptedUpstream(() => {});
    const connect = (): Promise<never> => {
      starts++;
      return refused;
    };
    const served = await serveMcp(engine, { ...upstream, connect });
    onTestFinished(fail);
    served.mcp.define([PER_SESSION]);
    return { served, url: `${served.url}/mcp/own`, token: served.token('a'), starts: () => starts, fail };
  }

  it('R52: sessions that are still to begin count too, so nobody starts more servers than sessions', async () => {
    const { url, token, starts, fail } = await startSlow();
    const statuses: number[] = [];
    const posted = Array.from({ length: limits.sessionsPerGrant + 10 }, async () => {
      statuses.push((await post(url, { token }, initialize())).status);
    });
    await waitFor('ten to be refused', () => statuses.length === 10);
    await waitFor('the others to start their servers', () => starts() >= limits.sessionsPerGrant);
    fail();
    await Promise.all(posted);
    expect(statuses.filter((status) => status === 429)).toHaveLength(10);
    expect(starts()).toBe(limits.sessionsPerGrant);
    expect((await post(url, { token }, initialize())).status).toBe(200);
  });

  it('R52: a session of 2024-11-05 starts one server, however often it is begun', async () => {
    const { served, url, token, starts } = await startSlow();
    const events = readEvents(await send('GET', `${url}/sse`, { token }));
    const messages = `${served.url}${(await events.next())!.data}`;
    const again = async (): Promise<number> =>
      (await post(messages, { token }, initialize('2024-11-05'))).status;
    expect([await again(), await again(), await again()]).toEqual([202, 400, 400]);
    expect(starts()).toBe(1);
    await events.cancel();
  });
});
