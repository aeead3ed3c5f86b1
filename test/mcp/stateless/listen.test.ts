import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { limits } from '../../../src/limits.ts';
import { ENGINES } from '../../support/listen.ts';
import { waitFor } from '../../support/wait-for.ts';
import { openSession, post } from '../client.ts';
import { type EventReader, readEvents } from '../event-reader.ts';
import type { Asked } from '../scripted-upstream.ts';
import { headersOf, KEY, type Message, type Modern, request, SERVER_INFO, startModern } from './modern.ts';

const DESCRIBED = {
  capabilities: {
    tools: { listChanged: true },
    prompts: { listChanged: true },
    resources: { subscribe: true, listChanged: true },
    logging: {},
  },
};
const EVERYTHING = { toolsListChanged: true, promptsListChanged: true, resourcesListChanged: true };
const TOOLS = { jsonrpc: '2.0', method: 'notifications/tools/list_changed' } as const;
const PROMPTS = { jsonrpc: '2.0', method: 'notifications/prompts/list_changed' } as const;
const RESOURCES = { jsonrpc: '2.0', method: 'notifications/resources/list_changed' } as const;
const updated = (uri: string) =>
  ({ jsonrpc: '2.0', method: 'notifications/resources/updated', params: { uri, vendor: 1 } }) as const;

const listen = (notifications: unknown, id: unknown = 'listen'): Message =>
  request(id, 'subscriptions/listen', { notifications });
const acknowledged = (notifications: object, id: unknown = 'listen') => ({
  jsonrpc: '2.0',
  method: 'notifications/subscriptions/acknowledged',
  params: { notifications, _meta: { [KEY.subscription]: id } },
});
const finished = (id: unknown = 'listen', serverInfo: object = SERVER_INFO) => ({
  jsonrpc: '2.0',
  id,
  result: { resultType: 'complete', _meta: { [KEY.subscription]: id, [KEY.serverInfo]: serverInfo } },
});
const definition = (name: string) => ({
  name,
  command: 'x',
  args: [],
  env: {},
  envFile: undefined,
  cwd: undefined,
  sharing: 'shared' as const,
  enabled: true,
});

describe.each(ENGINES)('on the engine %s', (engine) => {
  const answer = ({ request: { method }, result }: Asked): void =>
    result(method.endsWith('/list') ? { [method.split('/')[0]!]: [] } : {});

  async function start(described: object = DESCRIBED) {
    const modern = await startModern(engine, answer, { described });
    const urisOf = (method: string) => modern.sent(method).map(({ params }) => params?.uri);
    return {
      ...modern,
      subscribed: () => urisOf('resources/subscribe'),
      unsubscribed: () => urisOf('resources/unsubscribe'),
      listen: (...message: Parameters<typeof listen>) => openListener(modern, listen(...message)),
    };
  }
  /** The stream behind its acknowledgement. */
  async function openListener(
    { post: postModern }: Pick<Modern, 'post'>,
    message: Message,
  ): Promise<EventReader> {
    const events = readEvents(await postModern(message));
    expect(await events.message()).toMatchObject({ method: 'notifications/subscriptions/acknowledged' });
    return events;
  }

  describe('what is acknowledged', () => {
    it.each(['listen', '', '7', 7, 0])(
      'comes first, is what the server can do, under the id %j',
      async (id) => {
        const { post: postModern } = await start({
          capabilities: { tools: { listChanged: true }, prompts: {}, resources: { listChanged: true } },
        });
        const filter = { ...EVERYTHING, resourceSubscriptions: ['test://a'], vendor: true };
        const response = await postModern(listen(filter, id));
        expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/event-stream']);
        expect([response.headers.get('x-accel-buffering'), response.headers.get('cache-control')]).toEqual([
          'no',
          'no-store',
        ]);
        const events = readEvents(response);
        const first = await events.next();
        expect([first?.type, first?.id]).toEqual(['message', undefined]);
        const honoured = { toolsListChanged: true, resourcesListChanged: true };
        expect(JSON.parse(first!.data)).toEqual(acknowledged(honoured, id));
        await events.cancel();
      },
    );

    it('may be nothing: then the stream ends', async () => {
      const { post: postModern, subscribed } = await start({ capabilities: { resources: {} } });
      const events = readEvents(
        await postModern(listen({ ...EVERYTHING, resourceSubscriptions: ['test://a'] })),
      );
      expect(await events.message()).toEqual(acknowledged({}));
      expect(await events.message()).toEqual(finished());
      expect(await events.next()).toBeUndefined();
      expect(subscribed()).toEqual([]);
    });

    it('R52: is no more resources than one may subscribe to, and those are subscribed to', async () => {
      const { post: postModern, subscribed } = await start();
      const uris = Array.from({ length: limits.subscriptions + 1 }, (_, index) => `test://${index}`);
      const events = readEvents(await postModern(listen({ resourceSubscriptions: uris })));
      const resourceSubscriptions = uris.slice(0, limits.subscriptions);
      expect(await events.message()).toEqual(acknowledged({ resourceSubscriptions }));
      await waitFor('the subscriptions', () => subscribed().length === limits.subscriptions);
      expect(subscribed()).toEqual(resourceSubscriptions);
      await events.cancel();
    });

    it.each<[string, Message, Record<string, string>, number, number]>([
      ['no filter', request('l', 'subscriptions/listen'), {}, 200, -32_602],
      ['a filter that is none', listen('all', 'l'), {}, 200, -32_602],
      ['a uri that is none', listen({ resourceSubscriptions: ['test://a', 7] }, 'l'), {}, 200, -32_602],
      [
        'another method in the header',
        listen({ resourceSubscriptions: ['test://a'] }, 'l'),
        { 'mcp-method': 'x' },
        400,
        -32_020,
      ],
      [
        'another version',
        listen({ resourceSubscriptions: ['test://a'] }, 'l'),
        { 'mcp-protocol-version': '2027-01-01' },
        400,
        -32_020,
      ],
    ])('with %s nothing is, and the server is not told', async (_what, message, headers, status, code) => {
      const { send, subscribed } = await start();
      const found = await send(message, headers);
      expect([found.status, found.body.id, found.body.error.code]).toEqual([status, 'l', code]);
      await send(request(1, 'tools/list'));
      expect(subscribed()).toEqual([]);
    });
  });

  describe('changes', () => {
    it('reach each listener as it asked, under its own id, and nothing else does', async () => {
      const { upstream, listen: open } = await start();
      const one = await open({ toolsListChanged: true, resourceSubscriptions: ['test://a'] }, 1);
      const two = await open({ promptsListChanged: true, resourceSubscriptions: ['test://b'] }, '1');
      const three = await open({ resourcesListChanged: true, toolsListChanged: false }, '1');
      await waitFor('the subscriptions', () => upstream.received.length >= 2);
      const messages = [
        { jsonrpc: '2.0', method: 'notifications/message', params: { level: 'error', data: 'secret' } },
        { jsonrpc: '2.0', method: 'notifications/progress', params: { progressToken: 1, progress: 1 } },
        { jsonrpc: '2.0', method: 'notifications/vendor' },
        updated('test://a'),
        TOOLS,
        updated('test://b'),
        updated('test://c'),
        PROMPTS,
        RESOURCES,
      ] as const;
      for (const message of messages) upstream.say(message);
      const stamped = (message: object, id: unknown, params: object = {}) => ({
        ...message,
        params: { ...params, _meta: { [KEY.subscription]: id } },
      });
      expect(await one.message()).toEqual(stamped(updated('test://a'), 1, updated('test://a').params));
      expect(await one.message()).toEqual(stamped(TOOLS, 1));
      expect(await two.message()).toEqual(stamped(updated('test://b'), '1', updated('test://b').params));
      expect(await two.message()).toEqual(stamped(PROMPTS, '1'));
      expect(await three.message()).toEqual(stamped(RESOURCES, '1'));
      upstream.say(TOOLS);
      upstream.say(PROMPTS);
      upstream.say(RESOURCES);
      expect([await one.message(), await two.message(), await three.message()]).toEqual([
        stamped(TOOLS, 1),
        stamped(PROMPTS, '1'),
        stamped(RESOURCES, '1'),
      ]);
      for (const events of [one, two, three]) await events.cancel();
    });

    it('come from a server that was started again, too: it is subscribed to again, and anything may be new', async () => {
      const { upstream, listen: open, subscribed, send } = await start();
      const events = await open({ toolsListChanged: true, resourceSubscriptions: ['test://a'] });
      await waitFor('the subscription', () => subscribed().length === 1);
      await send(request(1, 'tools/list'));
      upstream.die();
      expect(await events.message()).toMatchObject({ method: TOOLS.method });
      expect(subscribed()).toEqual(['test://a', 'test://a']);
      upstream.say(updated('test://a'));
      expect(await events.message()).toMatchObject({ method: 'notifications/resources/updated' });
      await events.cancel();
    });
  });

  describe('subscriptions', () => {
    it('are one for the server, whoever has them: listeners and sessions', async () => {
      const { served, url, token, listen: open, subscribed, unsubscribed, upstream } = await start();
      const one = await open({ resourceSubscriptions: ['test://a', 'test://a'] });
      await waitFor('the subscription', () => subscribed().length === 1);
      const two = await open({ resourceSubscriptions: ['test://a'] });
      const session = await openSession(served, token);
      const ask = (method: string) =>
        post(url, { token, session }, { jsonrpc: '2.0', id: 1, method, params: { uri: 'test://a' } });
      await (await ask('resources/subscribe')).text();
      await one.cancel();
      upstream.say(updated('test://a'));
      expect(await two.message()).toMatchObject({ params: { uri: 'test://a' } });
      await two.cancel();
      await (await ask('resources/unsubscribe')).text();
      await waitFor('the end of the subscription', () => unsubscribed().length > 0);
      expect([subscribed(), unsubscribed()]).toEqual([['test://a'], ['test://a']]);
    });

    it('end with the stream', async () => {
      const { listen: open, subscribed, unsubscribed } = await start();
      const events = await open({ resourceSubscriptions: ['test://a', 'test://b'] });
      await waitFor('the subscriptions', () => subscribed().length === 2);
      await events.cancel();
      await waitFor('the end of the subscriptions', () => unsubscribed().length === 2);
      expect(unsubscribed()).toEqual(['test://a', 'test://b']);
    });

    it('end with the stream when all that could be collected has been', async () => {
      setFlagsFromString('--expose-gc');
      const collect = runInNewContext('gc') as () => void;
      const { listen: open, subscribed, unsubscribed, send } = await start();
      const events = await open({ resourceSubscriptions: ['test://a'] });
      await waitFor('the subscription', () => subscribed().length === 1);
      for (let round = 0; round < 5; round++) {
        await send(request(1, 'tools/list'));
        collect();
      }
      await events.cancel();
      await waitFor('the end of the subscription', () => unsubscribed().length === 1, 2_000);
    });
  });

  describe('a stream ends', () => {
    it('with its result when the upstream is removed, and not before', async () => {
      const modern = await start();
      const { served, upstream, token } = modern;
      served.mcp.define([definition('one'), definition('two')]);
      const at = async (name: string) => {
        const message = listen({ toolsListChanged: true }, name);
        const sent = { token, headers: headersOf(message) };
        const events = readEvents(await post(`${served.url}/mcp/${name}`, sent, message));
        expect(await events.message()).toEqual(acknowledged({ toolsListChanged: true }, name));
        return events;
      };
      const one = await at('one');
      const two = await at('two');
      served.mcp.define([definition('two')]);
      expect(await one.message()).toEqual(finished('one'));
      expect(await one.next()).toBeUndefined();
      const probe = request(1, 'tools/list');
      await (await post(`${served.url}/mcp/two`, { token, headers: headersOf(probe) }, probe)).text();
      upstream.say(TOOLS);
      expect(await two.message()).toMatchObject({ method: TOOLS.method });
      await two.cancel();
    });

    it('with its result when the daemon stops', async () => {
      const { served, listen: open } = await start();
      const streams = [await open(EVERYTHING, 1), await open(EVERYTHING, '1')];
      const closed = served.mcp.close();
      expect(await streams[0]!.message()).toEqual(finished(1));
      expect(await streams[1]!.message()).toEqual(finished('1'));
      expect([await streams[0]!.next(), await streams[1]!.next()]).toEqual([undefined, undefined]);
      await closed;
    });

    it('R45: with the token, without a result', async () => {
      const { served, token, listen: open, subscribed, unsubscribed } = await start();
      const events = await open({ resourceSubscriptions: ['test://a'] });
      await waitFor('the subscription', () => subscribed().length === 1);
      served.end(token);
      expect(await events.next()).toBeUndefined();
      await waitFor('the end of the subscription', () => unsubscribed().length === 1);
    });
  });

  it('a stream on which nothing happens carries comments', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    onTestFinished(() => void vi.useRealTimers());
    const { upstream, listen: open, send } = await start();
    await send(request(1, 'tools/list'));
    const events = await open(EVERYTHING);
    vi.advanceTimersByTime(limits.sseKeepAliveMs);
    upstream.say(TOOLS);
    await events.message();
    expect(events.comments).toEqual([': keep-alive', ': keep-alive']);
    await events.cancel();
  });

  it('R52: beyond so many streams of one grant it is 429, another grant has its own', async () => {
    const { served, post: postModern, send, listen: open } = await start();
    const streams: EventReader[] = [];
    for (let index = 0; index < limits.subscriptions; index++) streams.push(await open(EVERYTHING, index));
    const { status, headers, body } = await send(listen(EVERYTHING, 'more'));
    expect([status, headers.get('retry-after')]).toEqual([429, '1']);
    expect(body).toMatchObject({ id: 'more', error: { code: -32_000 } });
    const other = readEvents(await postModern(listen(EVERYTHING), {}, { token: served.token('b') }));
    expect(await other.message()).toEqual(acknowledged(EVERYTHING));
    expect((await send(request(1, 'tools/list'))).status).toBe(200);
    await streams.pop()!.cancel();
    const again = await waitFor('a place', async () => {
      const response = await postModern(listen(EVERYTHING));
      return response.status === 200 ? response : undefined;
    });
    await Promise.all([again.body!.cancel(), other.cancel(), ...streams.map((events) => events.cancel())]);
  });
});
