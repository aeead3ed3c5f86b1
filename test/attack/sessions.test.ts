import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { call, initialize, post, send } from '../mcp/client.ts';
import { readEvents } from '../mcp/event-reader.ts';
import { askControl, mintFor, reportOf } from '../support/control.ts';
import type { Home } from '../support/home.ts';
import { ENGINES } from '../support/listen.ts';
import { firstEventId, openSession } from '../support/mcp-session.ts';
import { ask, type SignedIn, signIn } from '../support/oauth-client.ts';
import { openTls } from '../support/raw-tls.ts';
import { requestStateless } from '../support/stateless-request.ts';
import { lifeServer, type ServedUpstreams, startServers, toldServer } from '../support/upstreams.ts';
import { waitFor } from '../support/wait-for.ts';

const UNKNOWN = 'A'.repeat(43);
/** R45: a stream is closed within so long. */
const CLOSED_MS = 5_000;

/** Everything of an answer that another session's could differ in. */
const seen = async (response: Response) => ({
  status: response.status,
  headers: [...response.headers].filter(([name]) => name !== 'date').sort(),
  text: await response.text(),
});

const revoke = (home: Home, { clientId, refreshToken }: SignedIn) =>
  ask(home, {
    path: '/oauth/revoke',
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ client_id: clientId, token: refreshToken }).toString(),
  });

describe.each(ENGINES)('sessions on %s', (engine) => {
  const start = () =>
    startServers({ life: lifeServer(), told: toldServer() }, { CLAUDE_SECURE_ENGINE: engine });

  /** Every request that names a session, with that token. */
  async function everyLeg({ at }: ServedUpstreams, token: string, session: string, event: string) {
    const { url } = at('life');
    const sent = { token, session };
    const resume = { 'last-event-id': event };
    return Promise.all(
      [
        post(url, sent, call(1, 'echo')),
        post(url, sent, { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 1 } }),
        post(url, sent, { jsonrpc: '2.0', id: 1, result: {} }),
        post(url, sent, { ...initialize(), id: 1 }),
        send('GET', url, sent),
        send('GET', url, { ...sent, headers: resume }),
        send('DELETE', url, sent),
        post(`${url}/messages?sessionId=${session}`, { token }, call(1, 'echo')),
      ].map(async (asked) => seen(await asked)),
    );
  }

  it('R48: another grant’s session is, on every leg, as unknown as one that never was; without a token it is 401', async () => {
    const served = await start();
    const { home, at, token } = served;
    const http = await openSession(at('life'));
    const { id: event, events } = await firstEventId(await http.listen());
    const sse = readEvents(await send('GET', `${at('life').url}/sse`, { token }));
    const sseId = new URLSearchParams((await sse.next())?.data.split('?')[1]).get('sessionId') ?? '';
    const others = [(await signIn(home)).accessToken, await mintFor(home, '/elsewhere')];
    for (const other of others) {
      const unknown = await everyLeg(served, other, UNKNOWN, event);
      expect(unknown.map(({ status, text }) => [status, JSON.parse(text)])).toEqual(
        unknown.map(({ text }) => [
          404,
          {
            jsonrpc: '2.0',
            ...(JSON.parse(text).id !== undefined && { id: 1 }),
            error: { code: -32_001, message: 'Session not found' },
          },
        ]),
      );
      for (const session of [http.id, sseId]) {
        expect(await everyLeg(served, other, session, event)).toEqual(unknown);
      }
    }
    for (const session of [http.id, sseId, UNKNOWN]) {
      const statuses = (await everyLeg(served, '', session, event)).map(({ status }) => status);
      expect(new Set(statuses)).toEqual(new Set([401]));
    }
    expect(await http.call('echo', { a: 1 })).toEqual({ a: 1 });
    await events.cancel();
    await sse.cancel();
  });

  it('R48: an id is 256 random bits; none on a request that begins nothing is 400; after DELETE it is 404', async () => {
    const { at, token } = await start();
    const { url } = at('life');
    const opened = await Promise.all(Array.from({ length: 20 }, () => openSession(at('life'))));
    expect(new Set(opened.map(({ id }) => id)).size).toBe(20);
    for (const { id } of opened) expect(id).toMatch(/^[\w-]{43}$/);
    const missing = [
      await post(url, { token }, call(1, 'echo')),
      await post(url, { token }, { jsonrpc: '2.0', method: 'notifications/initialized' }),
      await send('GET', url, { token }),
      await send('DELETE', url, { token }),
    ];
    for (const response of missing) {
      const { id: _, ...answer } = await response.json();
      expect([response.status, answer]).toEqual([
        400,
        {
          jsonrpc: '2.0',
          error: { code: -32_000, message: 'Bad Request: Mcp-Session-Id header is required' },
        },
      ]);
    }
    const [session] = opened;
    expect(await session?.delete()).toBe(204);
    expect(await session?.delete()).toBe(404);
    expect((await session?.post(call(1, 'echo')))?.status).toBe(404);
    expect((await session?.listen())?.status).toBe(404);
  });

  it.each(['by the client', 'by the owner'])(
    'R45: a grant that is revoked %s ends its streams and calls within 5 s, and the next request is 401',
    async (how) => {
      const { home, at, token } = await start();
      const signedIn = await signIn(home);
      const { accessToken: revoked } = signedIn;
      const { url } = at('told');
      const session = await openSession(at('told', revoked));
      const untouched = await openSession(at('told'));
      const standalone = readEvents(await session.listen());
      await standalone.next();
      const sse = readEvents(await send('GET', `${url}/sse`, { token: revoked }));
      await sse.next();
      const posted = readEvents(await session.post(call(1, 'hang')));
      await posted.next();
      const stateless = requestStateless(at('told', revoked), 'tools/call', { name: 'hang', arguments: {} });
      const lost = stateless.catch(() => 'ended');
      await waitFor('the calls', async () => (await reportOf(home, 'told')).calls === 2);
      if (how === 'by the owner') await askControl(home, 'revoke', { clientId: signedIn.clientId });
      else await revoke(home, signedIn);
      const ends = Promise.all([standalone.next(), sse.next(), posted.next(), lost]);
      let ended: unknown[] | undefined;
      void ends.then((values) => {
        ended = values;
      });
      expect(await waitFor('the streams to end', () => ended, CLOSED_MS)).toEqual([
        undefined,
        undefined,
        undefined,
        'ended',
      ]);
      for (const response of [
        await post(url, { token: revoked }, initialize()),
        await session.post(call(2, 'echo')),
        await session.listen(),
        await send('GET', `${url}/sse`, { token: revoked }),
      ]) {
        expect(response.status).toBe(401);
      }
      await waitFor('the calls to be cancelled', async () => {
        const { entries } = await askControl(home, 'traffic', { server: 'told', after: -1, bodies: false });
        return entries.filter(({ method }) => method === 'notifications/cancelled').length === 2;
      });
      expect((await untouched.request('ping')).result).toEqual({});
      expect((await post(url, { token }, initialize())).status).toBe(200);
      await untouched.delete();
    },
  );

  it('R45: a call whose body is still on its way when the grant ends runs nothing: 401', async () => {
    const { home, daemon, at } = await start();
    const { accessToken, clientId } = await signIn(home);
    const session = await openSession(at('life', accessToken));
    const { calls } = await reportOf(home, 'life');
    const body = JSON.stringify(call(1, 'who'));
    const { hostname, port, pathname } = new URL(at('life').url);
    const socket = await openTls({ port: Number(port), ca: daemon.ca });
    const head = [
      `POST ${pathname} HTTP/1.1`,
      `Host: ${hostname}:${port}`,
      `Authorization: Bearer ${accessToken}`,
      `Mcp-Session-Id: ${session.id}`,
      'Content-Type: application/json',
      'Accept: application/json, text/event-stream',
      `Content-Length: ${body.length}`,
    ];
    socket.write(`${head.join('\r\n')}\r\n\r\n${body.slice(0, 10)}`);
    // An answer on another connection: the head has been read by then.
    await askControl(home, 'status', {});
    await askControl(home, 'revoke', { clientId });
    socket.write(body.slice(10));
    const [answer] = await once(socket, 'data');
    expect(String(answer)).toMatch(/^HTTP\/1\.1 401 /);
    expect((await reportOf(home, 'life')).calls).toBe(calls);
  });
});
