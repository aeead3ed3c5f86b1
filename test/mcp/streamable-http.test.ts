import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { limits } from '../../src/limits.ts';
import { ENGINES } from '../support/listen.ts';
import { waitFor } from '../support/wait-for.ts';
import { call, initialize, openSession, post, send } from './client.ts';
import { readEvents } from './event-reader.ts';
import { type Asked, createScriptedUpstream } from './scripted-upstream.ts';
import { serveMcp } from './serve.ts';
import { trustedFetch } from './trusted-fetch.ts';

describe.each(ENGINES)('on the engine %s', (engine) => {
  const HALF_HOUR_MS = 30 * 60_000;

  /** `echo` answers at once, `tell` sends a progress or log note first, `hold` waits for the test. */
  async function start(now?: () => number) {
    const held: Asked[] = [];
    const upstream = createScriptedUpstream((asked) => {
      const {
        name,
        arguments: args,
        _meta,
      } = asked.request.params as Record<string, Record<string, unknown>> & {
        name: string;
      };
      if (name === 'hold') return void held.push(asked);
      if (name === 'tell') {
        const params = { progressToken: _meta?.progressToken, progress: 1, message: args?.text };
        asked.deliver({ jsonrpc: '2.0', method: 'notifications/progress', params }, asked.request.id);
      }
      asked.result({ echo: args });
    });
    const served = await serveMcp(engine, upstream, now);
    const token = served.token('a');
    const session = await openSession(served, token);
    return { ...served, served, upstream, held, token, session, mcpUrl: `${served.url}/mcp` };
  }

  describe('opening a session', () => {
    it.each([
      ['2025-11-25', '2025-11-25'],
      ['2025-06-18', '2025-06-18'],
      ['2025-03-26', '2025-03-26'],
      ['2024-11-05', '2024-11-05'],
      ['1999-01-01', '2025-11-25'],
      ['2026-07-28', '2025-11-25'],
    ])('a client that asks for %s gets %s and the upstream’s own capabilities', async (asked, given) => {
      const { mcpUrl, token } = await start();
      const response = await post(mcpUrl, { token }, initialize(asked));
      expect(response.status).toBe(200);
      expect(response.headers.get('cache-control')).toBe('no-store');
      expect(await response.json()).toEqual({
        jsonrpc: '2.0',
        id: 'first',
        result: {
          protocolVersion: given,
          capabilities: { tools: { listChanged: true } },
          serverInfo: { name: 'scripted', version: '1' },
        },
      });
    });

    it('initialize without its parts is an error and opens nothing', async () => {
      const { mcpUrl, token, mcp } = await start();
      const response = await post(mcpUrl, { token }, { ...initialize(), params: { protocolVersion: 1 } });
      expect(await response.json()).toMatchObject({ id: 'first', error: { code: -32_602 } });
      expect(response.headers.get('mcp-session-id')).toBeNull();
      expect(mcp.sessions()).toBe(1);
    });

    it('R52: what a client says of itself is kept, so there may not be much of it', async () => {
      const { mcpUrl, token, mcp } = await start();
      const { params, ...message } = initialize();
      const open = async (length: number) => {
        const bare = JSON.stringify({ ...params, more: '' }).length;
        const long = { ...message, params: { ...params, more: 'x'.repeat(length - bare) } };
        return (await post(mcpUrl, { token }, long)).json();
      };
      expect(await open(limits.initializeLength)).toHaveProperty('result');
      expect(await open(limits.initializeLength + 1)).toMatchObject({ error: { code: -32_602 } });
      expect(mcp.sessions()).toBe(2);
    });

    it('an upstream that does not start is an error now and another try for the next client', async () => {
      let attempts = 0;
      const good = createScriptedUpstream(() => {});
      const served = await serveMcp(engine, {
        name: 'flaky',
        connect: (deliver) =>
          ++attempts === 1 ? Promise.reject(new Error('/secret')) : good.connect(deliver),
      });
      const token = served.token('a');
      const failed = await (await post(`${served.url}/mcp`, { token }, initialize())).text();
      expect(JSON.parse(failed)).toMatchObject({ error: { code: -32_603 } });
      expect(failed).not.toContain('secret');
      expect(await openSession(served, token)).toBeTruthy();
    });
  });

  describe('requests', () => {
    it('an answer that comes at once is JSON', async () => {
      const { mcpUrl, token, session } = await start();
      const response = await post(mcpUrl, { token, session }, call(7, 'echo', { a: 1 }));
      expect(response.headers.get('content-type')).toBe('application/json');
      expect(await response.json()).toEqual({ jsonrpc: '2.0', id: 7, result: { echo: { a: 1 } } });
    });

    it('ping is answered without the upstream', async () => {
      const { mcpUrl, token, session, upstream } = await start();
      const before = upstream.received.length;
      const response = await post(mcpUrl, { token, session }, { jsonrpc: '2.0', id: 'p', method: 'ping' });
      expect(await response.json()).toEqual({ jsonrpc: '2.0', id: 'p', result: {} });
      expect(upstream.received.length).toBe(before);
    });

    it('notifications go on to the upstream, but for the handshake’s and answers to no question; all get 202 without a body', async () => {
      const { mcpUrl, token, session, upstream } = await start();
      const before = upstream.received.length;
      const changed = {
        jsonrpc: '2.0',
        method: 'notifications/roots/list_changed',
        params: { 'x-unknown': 1 },
      };
      for (const message of [
        { jsonrpc: '2.0', method: 'notifications/initialized' },
        changed,
        { jsonrpc: '2.0', id: 1, result: {} },
        { jsonrpc: '2.0', id: 1, error: { code: 1, message: 'x' } },
      ]) {
        const response = await post(mcpUrl, { token, session }, message);
        expect([response.status, await response.text()]).toEqual([202, '']);
      }
      expect(upstream.received.slice(before)).toEqual([changed]);
    });

    it('progress comes on the request’s own stream under the client’s own token', async () => {
      const { mcpUrl, token, session } = await start();
      const message = call(1, 'tell', { text: 'half' }, { _meta: { progressToken: 'mine' } });
      const response = await post(mcpUrl, { token, session }, message);
      expect(response.headers.get('content-type')).toBe('text/event-stream');
      const events = readEvents(response);
      expect(await events.next()).toEqual({ type: 'message', id: '1-0', data: '' });
      expect(await events.message()).toMatchObject({ params: { progressToken: 'mine', message: 'half' } });
      expect(await events.message()).toMatchObject({ id: 1, result: {} });
      expect(await events.next()).toBeUndefined();
    });

    it('progress nobody asked for is dropped', async () => {
      const { mcpUrl, token, session } = await start();
      const response = await post(mcpUrl, { token, session }, call(1, 'tell'));
      expect(await response.json()).toMatchObject({ id: 1 });
    });

    it('a client before 2025-11-25 gets no event without data', async () => {
      const { served, mcpUrl, token } = await start();
      const session = await openSession(served, token, '2025-06-18');
      const message = call(1, 'tell', {}, { _meta: { progressToken: 5 } });
      const events = readEvents(await post(mcpUrl, { token, session }, message));
      expect((await events.next())?.data).toContain('"progressToken":5');
    });

    it('cancelling reaches the upstream under its own id, and the request’s answer ends without a response', async () => {
      const { mcpUrl, token, session, upstream, held } = await start();
      const answer = post(mcpUrl, { token, session }, call('x', 'hold'));
      await waitFor('the calls at the upstream', () => held.length === 1);
      const params = { requestId: 'x', reason: 'changed my mind' };
      await post(mcpUrl, { token, session }, { jsonrpc: '2.0', method: 'notifications/cancelled', params });
      expect(await readEvents(await answer).next()).toMatchObject({ data: '' });
      const [{ request } = { request: undefined }] = held;
      expect(upstream.received.at(-1)).toMatchObject({
        method: 'notifications/cancelled',
        params: { requestId: request?.id, reason: 'changed my mind' },
      });
    });

    it('a batch is for 2025-03-26 alone, and every request in it is answered', async () => {
      const { served, mcpUrl, token, session } = await start();
      const messages = [call(1, 'echo'), { jsonrpc: '2.0', method: 'notifications/x' }, call(2, 'echo')];
      expect((await post(mcpUrl, { token, session }, messages)).status).toBe(400);
      const older = await openSession(served, token, '2025-03-26');
      const events = readEvents(await post(mcpUrl, { token, session: older }, messages));
      expect([(await events.message()).id, (await events.message()).id]).toEqual([1, 2]);
      expect(await events.next()).toBeUndefined();
    });

    it.each([
      ['invalid JSON', '{', {}, 400, -32_700],
      ['an empty body', '', {}, 400, -32_700],
      ['a null id', { jsonrpc: '2.0', id: null, method: 'ping' }, {}, 400, -32_600],
      ['text/plain', call(1, 'echo'), { 'content-type': 'text/plain' }, 415, -32_000],
      ['no UTF-8', call(1, 'echo'), { 'content-type': 'application/json; charset=latin1' }, 415, -32_000],
      ['JSON alone accepted', call(1, 'echo'), { accept: 'application/json' }, 406, -32_000],
      ['events alone accepted', call(1, 'echo'), { accept: 'text/event-stream' }, 406, -32_000],
      ['events refused', call(1, 'echo'), { accept: '*/*, text/event-stream;q=0' }, 200, undefined],
      ['anything accepted', call(1, 'echo'), { accept: '*/*' }, 200, undefined],
      [
        'a charset of UTF-8',
        call(1, 'echo'),
        { 'content-type': 'Application/JSON; charset="UTF-8"' },
        200,
        undefined,
      ],
      ['an unknown revision', call(1, 'echo'), { 'mcp-protocol-version': '2025-01-01' }, 400, -32_000],
      ['a second initialize', initialize(), {}, 400, -32_600],
    ])('R49: %s', async (_what, body, headers, status, code) => {
      const { mcpUrl, token, session } = await start();
      const response = await post(mcpUrl, { token, session, headers }, body);
      expect(response.status).toBe(status);
      expect((await response.json()).error?.code).toBe(code);
    });
  });

  it('2026-07-28: its methods without a revision get an error with their id that sends a client back to sessions', async () => {
    const { mcpUrl, token, session } = await start();
    for (const method of ['server/discover', 'subscriptions/listen']) {
      for (const sent of [{ token }, { token, session }]) {
        const response = await post(mcpUrl, sent, { jsonrpc: '2.0', id: 'probe', method });
        expect(response.status).toBe(400);
        expect(await response.json()).toMatchObject({
          jsonrpc: '2.0',
          id: 'probe',
          error: { code: -32_000 },
        });
        expect(response.headers.get('mcp-session-id')).toBeNull();
      }
    }
  });

  describe('the session’s owner', () => {
    it('R48: a token of the same grant that came later keeps the session', async () => {
      const { mcpUrl, session, served, token } = await start();
      served.end(token);
      const rotated = served.token('a');
      expect((await post(mcpUrl, { token: rotated, session }, call(1, 'echo'))).status).toBe(200);
    });

    it('R48: no session id is 400, after DELETE 404, and DELETE cancels what was open', async () => {
      const { mcpUrl, token, session, held, upstream } = await start();
      const missing = await post(mcpUrl, { token }, call(1, 'echo'));
      expect([missing.status, (await missing.json()).id]).toEqual([400, 1]);
      const open = post(mcpUrl, { token, session }, call(1, 'hold'));
      await waitFor('the calls at the upstream', () => held.length === 1);
      expect((await send('DELETE', mcpUrl, { token, session })).status).toBe(204);
      expect(upstream.received.at(-1)).toMatchObject({ method: 'notifications/cancelled' });
      await (await open).text();
      expect((await post(mcpUrl, { token, session }, call(2, 'echo'))).status).toBe(404);
    });

    it('R48: a session idle for 30 minutes is gone, one with an open stream is not', async () => {
      let now = 0;
      const { mcpUrl, token, session, served } = await start(() => now);
      const listening = await openSession(served, token);
      const stream = readEvents(await send('GET', mcpUrl, { token, session: listening }));
      now = HALF_HOUR_MS;
      expect((await post(mcpUrl, { token, session }, call(1, 'echo'))).status).toBe(200);
      now += HALF_HOUR_MS + 1;
      expect((await post(mcpUrl, { token, session }, call(1, 'echo'))).status).toBe(404);
      expect((await post(mcpUrl, { token, session: listening }, call(1, 'echo'))).status).toBe(200);
      await stream.cancel();
    });
  });

  describe('streams', () => {
    it('R45: a stream ends with its token, and the token’s successor fetches the response', async () => {
      const { mcpUrl, token, session, served, held } = await start();
      const standalone = readEvents(await send('GET', mcpUrl, { token, session }));
      const posted = post(mcpUrl, { token, session }, call(1, 'hold'));
      await waitFor('the calls at the upstream', () => held.length === 1);
      served.end(token);
      const events = readEvents(await posted);
      const primed = await events.next();
      expect(await events.next()).toBeUndefined();
      expect(await standalone.next()).toMatchObject({ data: '' });
      expect(await standalone.next()).toBeUndefined();
      expect((await post(mcpUrl, { token, session }, call(2, 'echo'))).status).toBe(401);

      held[0]!.result({ late: true });
      const headers = { 'last-event-id': primed!.id! };
      const resumed = readEvents(await send('GET', mcpUrl, { token: served.token('a'), session, headers }));
      expect(await resumed.message()).toMatchObject({ id: 1, result: { late: true } });
      expect(await resumed.next()).toBeUndefined();
    });

    it('R45: a token that ends while its body arrives runs nothing: 401', async () => {
      const { mcpUrl, token, session, served, upstream } = await start();
      const { readable, writable } = new TransformStream<Uint8Array>();
      const posting = trustedFetch(mcpUrl, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${token}`,
          'mcp-session-id': session,
          'content-type': 'application/json',
          accept: '*/*',
        },
        body: readable,
        duplex: 'half',
      } as RequestInit);
      const body = Buffer.from(JSON.stringify(call(1, 'echo')));
      const writer = writable.getWriter();
      await writer.write(body.subarray(0, 10));
      await waitFor('the request', () => served.authenticated() === 2);
      served.end(token);
      await writer.write(body.subarray(10));
      await writer.close();
      expect((await posting).status).toBe(401);
      expect(upstream.received.filter((message) => 'id' in message)).toEqual([]);
    });

    it('R45: nothing is written to a stream after its token ended', async () => {
      const { mcpUrl, token, session, served, upstream } = await start();
      const standalone = readEvents(await send('GET', mcpUrl, { token, session }));
      await standalone.next();
      served.end(token);
      upstream.say({ jsonrpc: '2.0', method: 'notifications/tools/list_changed' });
      expect(await standalone.next()).toBeUndefined();
    });

    it('Last-Event-ID replays that stream alone, from that event on', async () => {
      const { mcpUrl, token, session, held } = await start();
      const message = call(1, 'hold', {}, { _meta: { progressToken: 1 } });
      const posted = post(mcpUrl, { token, session }, message);
      await waitFor('the calls at the upstream', () => held.length === 1);
      const [{ request, deliver, result } = {} as Asked] = held;
      const step = (progress: number) =>
        deliver({
          jsonrpc: '2.0',
          method: 'notifications/progress',
          params: { progressToken: request.id, progress },
        });
      step(1);
      const events = readEvents(await posted);
      await events.next();
      const { id } = (await events.next())!;
      step(2);
      await events.cancel();
      step(3);
      const other = readEvents(
        await post(mcpUrl, { token, session }, call(9, 'tell', {}, { _meta: { progressToken: 9 } })),
      );
      await other.message();
      result('done');
      const headers = { 'last-event-id': id! };
      const resumed = readEvents(await send('GET', mcpUrl, { token, session, headers }));
      expect(await resumed.message()).toMatchObject({ params: { progress: 2 } });
      expect(await resumed.message()).toMatchObject({ params: { progress: 3 } });
      expect(await resumed.message()).toMatchObject({ id: 1, result: 'done' });
      expect(await resumed.next()).toBeUndefined();
    });

    it.each(['1-99', '99-0', '-1', '1-0-0', 'x', '', '9007199254740993-1', '1-1e3'])(
      'a Last-Event-ID of %j that was never given is 400',
      async (id) => {
        const { mcpUrl, token, session } = await start();
        const headers = { 'last-event-id': id };
        expect((await send('GET', mcpUrl, { token, session, headers })).status).toBe(400);
      },
    );

    it('list changes come on the GET stream of every session; a second GET takes over from the first', async () => {
      const { mcpUrl, token, session, upstream } = await start();
      const first = readEvents(await send('GET', mcpUrl, { token, session }));
      await first.next();
      const second = readEvents(await send('GET', mcpUrl, { token, session }));
      await second.next();
      expect(await first.next()).toBeUndefined();
      upstream.say({ jsonrpc: '2.0', method: 'notifications/tools/list_changed' });
      expect(await second.message()).toMatchObject({ method: 'notifications/tools/list_changed' });
      await second.cancel();
    });

    it('what the upstream says to nobody in particular reaches the only client, and nobody once there are two', async () => {
      const { mcpUrl, token, session, upstream, served } = await start();
      const stream = readEvents(await send('GET', mcpUrl, { token, session }));
      const note = { jsonrpc: '2.0', method: 'notifications/message', params: { data: 'secret' } } as const;
      upstream.say(note);
      expect(await stream.message()).toEqual(note);
      const other = await openSession(served, served.token('b'));
      const second = readEvents(await send('GET', mcpUrl, { token: served.token('b'), session: other }));
      upstream.say(note);
      upstream.say({ jsonrpc: '2.0', id: 5, method: 'sampling/createMessage' });
      upstream.say({ jsonrpc: '2.0', id: 999, result: 'nobody asked' });
      upstream.say({ jsonrpc: '2.0', method: 'notifications/tools/list_changed' });
      for (const each of [stream, second]) {
        expect(await each.message()).toMatchObject({ method: 'notifications/tools/list_changed' });
        await each.cancel();
      }
      expect(upstream.received.at(-1)).toMatchObject({ id: 5, error: { code: -32_601 } });
    });

    it('an answer that takes long becomes a stream with an id to come back by, before there is anything to say', async () => {
      const { mcpUrl, token, session, held } = await start();
      const events = readEvents(await post(mcpUrl, { token, session }, call(1, 'hold')));
      expect(await events.next()).toEqual({ type: 'message', id: '1-0', data: '' });
      held[0]!.result('late');
      expect(await events.message()).toEqual({ jsonrpc: '2.0', id: 1, result: 'late' });
      expect(await events.next()).toBeUndefined();
    });

    it('open streams carry comments, and an idle session is swept away without being asked for', async () => {
      vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
      onTestFinished(() => void vi.useRealTimers());
      let now = 0;
      const { mcpUrl, token, session, mcp, served, upstream } = await start(() => now);
      const stream = readEvents(await send('GET', mcpUrl, { token, session }));
      await openSession(served, token);
      now = HALF_HOUR_MS + 1;
      vi.advanceTimersByTime(limits.sseKeepAliveMs);
      expect(mcp.sessions()).toBe(1);
      upstream.say({ jsonrpc: '2.0', method: 'notifications/tools/list_changed' });
      await stream.message();
      expect(stream.comments).toEqual([': keep-alive']);
      await stream.cancel();
    });

    it('GET needs text/event-stream accepted', async () => {
      const { mcpUrl, token, session } = await start();
      const headers = { accept: 'application/json' };
      expect((await send('GET', mcpUrl, { token, session, headers })).status).toBe(406);
    });
  });
});
