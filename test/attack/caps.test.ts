import { describe, expect, it } from 'vitest';
import { limits } from '../../src/limits.ts';
import { call, initialize, post, send } from '../mcp/client.ts';
import { type EventReader, readEvents } from '../mcp/event-reader.ts';
import { mintFor, reportOf } from '../support/control.ts';
import { ENGINES } from '../support/listen.ts';
import type { Endpoint } from '../support/mcp-person.ts';
import { openSession } from '../support/mcp-session.ts';
import { requestStateless, statelessHeaders, statelessMessage } from '../support/stateless-request.ts';
import { lifeServer, startServers } from '../support/upstreams.ts';
import { waitFor } from '../support/wait-for.ts';

/** The whole of a refusal. */
const refusal = async (response: Response) => ({
  status: response.status,
  retryAfter: response.headers.get('retry-after'),
  cache: response.headers.get('cache-control'),
  body: await response.json(),
});

const refused = (status: number, retryAfter: string, message: string, id?: unknown) => ({
  status,
  retryAfter,
  cache: 'no-store',
  body: { jsonrpc: '2.0', ...(id !== undefined && { id }), error: { code: -32_000, message } },
});

describe.each(ENGINES)('R52: the caps on %s', (engine) => {
  const start = () => startServers({ life: lifeServer() }, { CLAUDE_SECURE_ENGINE: engine });

  /** One call without a session that hangs until it is let go, with as many bytes as are wanted. */
  async function hang({ url, token }: Endpoint, bytes = 0) {
    const leave = new AbortController();
    const message = statelessMessage('tools/call', {
      name: 'hang',
      arguments: { more: 'x'.repeat(bytes) },
    });
    const { _meta, ...params } = message.params;
    const asked = { ...message, params: { ...params, _meta: { ...(_meta as object), progressToken: 1 } } };
    const sent = { token, headers: statelessHeaders(asked), signal: leave.signal };
    const response = await post(url, sent, asked);
    return { response, leave: () => leave.abort() };
  }

  it('R52: a session’s 33rd request in flight is 429, and its sibling goes on', async () => {
    const { home, at } = await start();
    const session = await openSession(at('life'));
    const open = Array.from({ length: limits.requestsInFlight }, (_, id) =>
      session.post(call(id, 'sleep', { ms: 3_000 })),
    );
    const isThere = async () => (await reportOf(home, 'life')).calls === limits.requestsInFlight;
    await waitFor('the calls', isThere);
    expect(await refusal(await session.post(call('more', 'who')))).toEqual(
      refused(429, '1', 'too many requests are in flight', 'more'),
    );
    expect(await (await openSession(at('life'))).call('echo', { a: 1 })).toEqual({ a: 1 });
    for (const response of await Promise.all(open)) {
      expect(response.status).toBe(200);
      await response.text();
    }
    expect(await session.call('echo', { a: 2 })).toEqual({ a: 2 });
  });

  it('R52: a grant’s 257th request without a session is 429, another grant’s is served', async () => {
    const { home, at } = await start();
    const open = await Promise.all(Array.from({ length: limits.statelessInFlight }, () => hang(at('life'))));
    const { response } = await hang(at('life'));
    expect(await refusal(response)).toEqual(refused(429, '1', 'too many requests are in flight', 1));
    const other = at('life', await mintFor(home, '/elsewhere'));
    expect(
      (await requestStateless(other, 'tools/call', { name: 'who', arguments: {} })).result,
    ).toBeDefined();
    for (const each of open) each.leave();
    await waitFor('room', async () => {
      const again = await hang(at('life'));
      again.leave();
      return again.response.status === 200;
    });
  });

  it('R52: the 65th session of a grant is 429 on both transports while all are in use, and another grant gets in', async () => {
    const { home, at } = await start();
    const { url, token } = at('life');
    const streams: EventReader[] = [];
    for (let count = 0; count < limits.sessionsPerGrant; count++) {
      streams.push(readEvents(await send('GET', `${url}/sse`, { token })));
    }
    const full = 'too many sessions are open';
    expect(await refusal(await post(url, { token }, initialize()))).toEqual(
      refused(429, '60', full, 'first'),
    );
    expect(await refusal(await send('GET', `${url}/sse`, { token }))).toEqual(refused(429, '60', full));
    expect(await openSession(at('life', await mintFor(home, '/elsewhere')))).toBeDefined();
    await Promise.all(streams.map((stream) => stream.cancel()));
    await waitFor('room', async () => (await post(url, { token }, initialize())).status === 200);
  });

  it('R52: the 101st subscription is an error, the 101st listening stream 429', async () => {
    const { at } = await start();
    const { url, token } = at('life');
    const session = await openSession(at('life'));
    const subscribe = (number: number) => session.request('resources/subscribe', { uri: `test://${number}` });
    for (let number = 0; number < limits.subscriptions; number++) {
      expect((await subscribe(number)).result).toEqual({});
    }
    expect((await subscribe(limits.subscriptions)).error).toEqual({
      code: -32_602,
      message: 'too many subscriptions',
    });
    const listen = statelessMessage('subscriptions/listen', { notifications: { toolsListChanged: true } });
    const ask = () => post(url, { token, headers: statelessHeaders(listen) }, listen);
    const streams: EventReader[] = [];
    for (let count = 0; count < limits.subscriptions; count++) {
      const stream = readEvents(await ask());
      await stream.message();
      streams.push(stream);
    }
    expect(await refusal(await ask())).toEqual(refused(429, '1', 'too many requests are in flight', 1));
    await Promise.all(streams.map((stream) => stream.cancel()));
  });

  it('R52, L15: what open calls hold in all is bounded: beyond it 503, while small ones go on', async () => {
    const { at } = await start();
    const size = limits.mcpBodyBytes - 1_024;
    const open = [];
    for (let left = Math.floor(limits.openBodiesWeight / limits.mcpBodyBytes); left > 0; left--) {
      const each = await hang(at('life'), size - limits.pendingRequestBytes);
      expect(each.response.headers.get('content-type')).toBe('text/event-stream');
      open.push(each);
    }
    const { response } = await hang(at('life'), size);
    expect(await refusal(response)).toEqual(refused(503, '1', 'too much is being asked at once'));
    const session = await openSession(at('life'));
    expect(await session.call('echo', { a: 1 })).toEqual({ a: 1 });
    open[0]?.leave();
    await waitFor('room', async () => (await hang(at('life'), size)).response.status === 200);
  });
});
