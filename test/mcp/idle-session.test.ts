import { expect, it } from 'vitest';
import { limits } from '../../src/limits.ts';
import type { Upstream } from '../../src/mcp/upstream.ts';
import { call, initialize, post } from './client.ts';
import { createScriptedUpstream } from './scripted-upstream.ts';
import { serveMcp } from './serve.ts';

it('R48: a session that is idle for 30 minutes is gone, and with it the process it had for itself', async () => {
  const server = createScriptedUpstream(({ result }) => result({ content: [] }));
  let running = 0;
  const counted: Upstream = {
    ...server,
    async connect(peer) {
      const connection = await server.connect(peer);
      running++;
      return {
        ...connection,
        async close() {
          running--;
        },
      };
    },
  };
  let nowMs = 0;
  const served = await serveMcp('https', counted, () => nowMs);
  served.mcp.define([
    {
      name: 'own',
      command: 'scripted',
      args: [],
      env: {},
      envFile: undefined,
      cwd: undefined,
      sharing: 'per-session',
      enabled: true,
    },
  ]);
  const url = `${served.url}/mcp/own`;
  const token = served.token('grant');
  const session = (await post(url, { token }, initialize())).headers.get('mcp-session-id') ?? '';
  const use = async (): Promise<number> => (await post(url, { token, session }, call(1, 'any'))).status;

  nowMs += limits.sessionIdleMs;
  expect(await use()).toBe(200);
  expect(running).toBe(1);
  nowMs += limits.sessionIdleMs + 1;
  expect(await use()).toBe(404);
  expect(running).toBe(0);
  expect(served.mcp.sessions()).toBe(0);
});
