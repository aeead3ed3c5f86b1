import { describe, expect, it } from 'vitest';
import {
  isRequest,
  type JsonRpcMessage,
  type JsonRpcRequest,
  type Params,
} from '../../../src/mcp/json-rpc.ts';
import type { UpstreamDefinition } from '../../../src/upstreams.ts';
import { ENGINES } from '../../support/listen.ts';
import { waitFor } from '../../support/wait-for.ts';
import { call, initialize, post, send } from '../client.ts';
import { type EventReader, readEvents } from '../event-reader.ts';
import { serveMcp } from '../serve.ts';
import { createScriptedPeer, type Life, type ScriptedPeer } from './scripted-peer.ts';

const define = (name: string): UpstreamDefinition => ({
  name,
  command: 'x',
  args: [],
  env: {},
  envFile: undefined,
  cwd: undefined,
  sharing: 'shared',
  enabled: true,
});

const BEGINNING = {
  ...initialize(),
  params: { ...initialize().params, capabilities: { sampling: {}, roots: {}, elicitation: {} } },
};

describe.each(ENGINES)('on the engine %s', (engine) => {
  /** Two upstreams, `one` and `two`, that the same script plays. */
  async function start(peer: ScriptedPeer = createScriptedPeer()) {
    const served = await serveMcp(engine, peer);
    served.mcp.define([define('one'), define('two')]);
    const url = `${served.url}/mcp/one`;
    return { ...served, url, other: `${served.url}/mcp/two`, code: `${served.url}/mcp`, peer };
  }

  /** Somebody at a session of Streamable HTTP. */
  async function open(url: string, token: string) {
    const opened = await post(url, { token }, BEGINNING);
    const session = opened.headers.get('mcp-session-id')!;
    await opened.json();
    const sent = { token, session };
    return { ...sent, sent, post: (body: object) => post(url, sent, { jsonrpc: '2.0', ...body }) };
  }

  const requestsAt = ({ life }: ScriptedPeer, count: number): Promise<JsonRpcRequest[]> =>
    waitFor('the calls at the server', () => {
      const found = life.requests('tools/call');
      return found.length >= count ? found : undefined;
    });

  const answersAt = (life: Life, count: number) =>
    waitFor('the answers at the server', () => (life.answers().length >= count ? life.answers() : undefined));

  /** The next message that is not empty. */
  async function questionIn(events: EventReader): Promise<JsonRpcRequest> {
    const message = (await events.message()) as unknown as JsonRpcMessage;
    if (!isRequest(message)) throw new Error(`no question: ${JSON.stringify(message)}`);
    return message;
  }

  it('a question comes on the stream of the POST that caused it, and nobody else can answer it', async () => {
    const { url, token, peer } = await start();
    const [anna, sibling, bert] = await Promise.all([
      open(url, token('a')),
      open(url, token('a')),
      open(url, token('b')),
    ]);
    const listening = readEvents(await send('GET', url, anna.sent));
    const posted = anna.post(call(1, 'ask'));
    const [request] = await requestsAt(peer, 1);
    peer.life.say({ id: 0, method: 'sampling/createMessage', params: { messages: [], 'x-unknown': 1 } });
    const events = readEvents(await posted);
    const question = await questionIn(events);
    expect(question).toEqual({
      jsonrpc: '2.0',
      id: expect.any(Number),
      method: 'sampling/createMessage',
      params: { messages: [], 'x-unknown': 1 },
    });
    for (const other of [bert, sibling]) {
      expect((await other.post({ id: question.id, result: 'stolen' })).status).toBe(202);
    }
    expect((await anna.post({ id: 999, result: 'unknown' })).status).toBe(202);
    expect(peer.life.answers()).toEqual([]);
    expect((await anna.post({ id: question.id, result: 'mine' })).status).toBe(202);
    await anna.post({ id: question.id, result: 'again' });
    expect(peer.life.answers()).toEqual([{ jsonrpc: '2.0', id: 0, result: 'mine' }]);
    peer.life.result(request!.id, 'done');
    expect(await events.message()).toEqual({ jsonrpc: '2.0', id: 1, result: 'done' });
    expect(await events.next()).toBeUndefined();
    peer.life.say({ method: 'notifications/tools/list_changed' });
    expect(await listening.message()).toMatchObject({ method: 'notifications/tools/list_changed' });
    await listening.cancel();
  });

  it('a client that leaves while it is asked: DELETE, and the end of its SSE stream', async () => {
    const { url, token, peer } = await start();
    const anna = await open(url, token('a'));
    const posted = anna.post(call(1, 'ask'));
    await requestsAt(peer, 1);
    peer.life.say({ id: 7, method: 'roots/list' });
    await questionIn(readEvents(await posted));
    expect((await send('DELETE', url, anna.sent)).status).toBe(204);
    // Of the same grant: another one's question could be a late one of the call that was given up.
    const again = token('a');
    const stream = readEvents(await send('GET', `${url}/sse`, { token: again }));
    const messages = `${new URL(url).origin}${(await stream.next())!.data}`;
    await post(messages, { token: again }, BEGINNING);
    await stream.message();
    await post(messages, { token: again }, call(1, 'ask'));
    await requestsAt(peer, 2);
    peer.life.say({ id: 8, method: 'roots/list' });
    await questionIn(stream);
    await stream.cancel();
    const error = { code: -32_603, message: 'the client is gone' };
    expect(await answersAt(peer.life, 2)).toEqual([
      { jsonrpc: '2.0', id: 7, error },
      { jsonrpc: '2.0', id: 8, error },
    ]);
    await waitFor('both calls cancelled', () => peer.life.notices('notifications/cancelled').length === 2);
  });

  it('R48: a second DELETE is 404, and so is a session at any endpoint but its own', async () => {
    const { url, other, code, token } = await start();
    const anna = await open(url, token('a'));
    for (const elsewhere of [other, code]) {
      const statuses = [
        await post(elsewhere, anna.sent, call(1, 'x')),
        await send('GET', elsewhere, anna.sent),
        await send('DELETE', elsewhere, anna.sent),
      ].map(({ status }) => status);
      expect(statuses).toEqual([404, 404, 404]);
    }
    expect((await anna.post({ id: 1, method: 'ping' })).status).toBe(200);
    expect((await send('DELETE', url, anna.sent)).status).toBe(204);
    expect((await send('DELETE', url, anna.sent)).status).toBe(404);
    expect((await anna.post({ id: 1, method: 'ping' })).status).toBe(404);
  });

  it('a server that ends leaves the other server’s calls alone', async () => {
    const { url, other, token, peer } = await start();
    const [anna, bert] = [await open(url, token('a')), await open(other, token('a'))];
    const [one, two] = peer.lives;
    const posted = [anna.post(call(1, 'x')), bert.post(call(1, 'x'))];
    await waitFor('the calls', () => peer.lives.every((life) => life.requests('tools/call').length === 1));
    one!.end();
    expect(await (await posted[0]!).json()).toMatchObject({ id: 1, error: { code: -32_603 } });
    two!.result(two!.requests('tools/call')[0]!.id, 'fine');
    expect(await (await posted[1]!).json()).toEqual({ jsonrpc: '2.0', id: 1, result: 'fine' });
  });

  describe('R51: 50 clients of one server that asks back', () => {
    const CLIENTS = 50;
    const CALLS = 3;
    const MAX_DELAY_MS = 5;

    /** Asks whoever calls, tells progress and a log, and answers with what it was told; each after a while. */
    function createAskingPeer(): ScriptedPeer {
      let lastQuestion = 0;
      const later = (act: () => void): void => void setTimeout(act, Math.random() * MAX_DELAY_MS);
      return createScriptedPeer((request, life) => {
        if (request.method !== 'tools/call') return undefined;
        const { secret, _meta } = request.params as { secret: unknown; _meta: Params };
        const { progressToken } = _meta;
        later(() => {
          life.say({ method: 'notifications/progress', params: { progressToken, progress: 1, secret } });
          life.say({ method: 'notifications/message', params: { level: 'info', secret } });
          const id = ++lastQuestion;
          life.say({ id, method: 'sampling/createMessage', params: { secret } });
          const answered = setInterval(() => {
            const found = life.answers().find((each) => each.id === id);
            if (!found) return;
            clearInterval(answered);
            life.say({ id: request.id, result: { secret, answer: 'result' in found && found.result } });
          }, 1);
        });
        return 'silence';
      });
    }

    it.each(['http', 'sse'] as const)('each gets its own and answers its own (%s)', async (leg) => {
      const { url, token, peer } = await start(createAskingPeer());
      async function client(number: number): Promise<void> {
        const bearer = token(`grant ${number % 5}`);
        const line = leg === 'http' ? await connectHttp(url, bearer) : await connectSse(url, bearer);
        for (let id = 1; id <= CALLS; id++) {
          const secret = `${number}/${id}`;
          const message = { ...call(id, 'ask'), params: { secret, _meta: { progressToken: 1 } } };
          const events = await line.post(message);
          const seen: unknown[] = [];
          for (;;) {
            const received = (await events.message()) as unknown as JsonRpcMessage;
            if ('method' in received) expect(received.params?.secret).toBe(secret);
            seen.push('method' in received ? received.method : received);
            if (!('method' in received)) break;
            if (isRequest(received)) await line.answer({ id: received.id, result: { secret } });
          }
          expect(seen.at(-1)).toEqual({
            jsonrpc: '2.0',
            id,
            result: { secret, answer: { secret } },
          });
          expect(seen).toContain('sampling/createMessage');
          expect(seen).toContain('notifications/progress');
        }
        await line.close();
      }
      // From its first question on the server is given one call at a time.
      await client(0);
      await Promise.all(Array.from({ length: CLIENTS - 1 }, (_, number) => client(number + 1)));
      expect(peer.lives.length).toBe(1);
      expect(peer.life.answers().length).toBe(CLIENTS * CALLS);
    });

    async function connectHttp(url: string, token: string) {
      const opened = await open(url, token);
      return {
        post: async (message: object) => readEvents(await opened.post(message)),
        answer: async (message: object) => void (await opened.post(message)),
        close: async () => {},
      };
    }

    async function connectSse(url: string, token: string) {
      const events = readEvents(await send('GET', `${url}/sse`, { token }));
      const messages = `${new URL(url).origin}${(await events.next())!.data}`;
      await post(messages, { token }, BEGINNING);
      await events.message();
      return {
        async post(message: object) {
          await post(messages, { token }, message);
          return events;
        },
        answer: async (message: object) =>
          void (await post(messages, { token }, { jsonrpc: '2.0', ...message })),
        close: () => events.cancel(),
      };
    }
  });
});
