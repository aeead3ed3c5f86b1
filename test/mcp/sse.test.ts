import { describe, expect, it } from 'vitest';
import { ENGINES } from '../support/listen.ts';
import { waitFor } from '../support/wait-for.ts';
import { call, initialize, openSession, post, send } from './client.ts';
import { readEvents } from './event-reader.ts';
import { type Asked, createScriptedUpstream } from './scripted-upstream.ts';
import { serveMcp } from './serve.ts';

describe.each(ENGINES)('on the engine %s', (engine) => {
  async function start() {
    const held: Asked[] = [];
    const upstream = createScriptedUpstream((asked) => {
      const { name, arguments: args } = asked.request.params as Record<string, unknown>;
      if (name === 'hold') held.push(asked);
      else asked.result({ echo: args });
    });
    const served = await serveMcp(engine, upstream);
    const token = served.token('a');
    const events = readEvents(await send('GET', `${served.url}/mcp/sse`, { token }));
    const endpoint = (await events.next())!;
    return { served, upstream, held, token, events, endpoint, messages: `${served.url}${endpoint.data}` };
  }

  async function startInitialized(version = '2024-11-05') {
    const started = await start();
    await post(started.messages, { token: started.token }, initialize(version));
    await started.events.message();
    return started;
  }

  describe('the 2024-11-05 transport', () => {
    it('R48: names the messages endpoint first, with 256 random bits', async () => {
      const { endpoint, served } = await start();
      expect(endpoint.type).toBe('endpoint');
      expect(endpoint.data).toMatch(/^\/mcp\/messages\?sessionId=[\w-]{43}$/);
      expect(served.mcp.sessions()).toBe(1);
    });

    it('a posted request gets 202, and its answer comes on the stream', async () => {
      const { messages, token, events } = await start();
      const response = await post(messages, { token }, initialize('2024-11-05'));
      expect([response.status, await response.text()]).toEqual([202, 'Accepted']);
      expect(await events.message()).toMatchObject({
        id: 'first',
        result: { protocolVersion: '2024-11-05', serverInfo: { name: 'scripted' } },
      });
      await post(messages, { token }, call(2, 'echo', { a: 1 }));
      expect(await events.message()).toEqual({ jsonrpc: '2.0', id: 2, result: { echo: { a: 1 } } });
    });

    it('initialize comes first and once; ping may come before it', async () => {
      const { messages, token, events } = await start();
      expect((await post(messages, { token }, call(1, 'echo'))).status).toBe(400);
      await post(messages, { token }, { jsonrpc: '2.0', id: 2, method: 'ping' });
      expect(await events.message()).toMatchObject({ id: 2, result: {} });
      await post(messages, { token }, initialize());
      await events.message();
      expect((await post(messages, { token }, initialize())).status).toBe(400);
    });

    it('R48: neither transport takes the other’s sessions', async () => {
      const { messages, served, token } = await startInitialized();
      const http = await openSession(served, token);
      const sse = new URL(messages).searchParams.get('sessionId')!;
      expect((await post(`${served.url}/mcp`, { token, session: sse }, call(1, 'echo'))).status).toBe(404);
      const crossed = `${served.url}/mcp/messages?sessionId=${http}`;
      expect((await post(crossed, { token }, call(1, 'echo'))).status).toBe(404);
    });

    it('R45: the stream ends with its token, and the session with the stream', async () => {
      const { messages, served, token, events } = await startInitialized();
      served.end(token);
      expect(await events.next()).toBeUndefined();
      expect((await post(messages, { token }, call(1, 'echo'))).status).toBe(401);
      expect((await post(messages, { token: served.token('a') }, call(1, 'echo'))).status).toBe(404);
      expect(served.mcp.sessions()).toBe(0);
    });

    it('R52: closing the stream cancels what the session had open', async () => {
      const { messages, token, events, held, upstream, served } = await startInitialized();
      await post(messages, { token }, call('x', 'hold'));
      await events.cancel();
      await waitFor('the sessions left', () => served.mcp.sessions() === 0);
      const [asked] = held;
      expect(upstream.received.at(-1)).toMatchObject({
        method: 'notifications/cancelled',
        params: { requestId: asked?.request.id },
      });
    });

    it('list changes reach every initialized stream', async () => {
      const { events, upstream } = await startInitialized();
      upstream.say({ jsonrpc: '2.0', method: 'notifications/tools/list_changed' });
      expect(await events.message()).toEqual({ jsonrpc: '2.0', method: 'notifications/tools/list_changed' });
    });

    it('a batch is for 2025-03-26 alone', async () => {
      const messages = [call(1, 'echo'), call(2, 'echo')];
      const older = await startInitialized('2025-03-26');
      expect((await post(older.messages, { token: older.token }, messages)).status).toBe(202);
      expect([(await older.events.message()).id, (await older.events.message()).id]).toEqual([1, 2]);
      const other = await startInitialized('2024-11-05');
      expect((await post(other.messages, { token: other.token }, messages)).status).toBe(400);
    });

    it('R22: HEAD opens no stream, and no session', async () => {
      const { served, token } = await start();
      const response = await send('HEAD', `${served.url}/mcp/sse`, { token });
      expect([response.status, await response.text()]).toEqual([405, '']);
      expect((await send('HEAD', `${served.url}/mcp`, { token })).status).toBe(405);
      expect(served.mcp.sessions()).toBe(1);
    });

    it('GET needs text/event-stream accepted', async () => {
      const { served, token } = await start();
      const headers = { accept: 'application/json' };
      expect((await send('GET', `${served.url}/mcp/sse`, { token, headers })).status).toBe(406);
    });
  });
});
