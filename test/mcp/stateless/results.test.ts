import { describe, expect, it } from 'vitest';
import { ENGINES } from '../../support/listen.ts';
import { readEvents } from '../event-reader.ts';
import type { Asked } from '../scripted-upstream.ts';
import { envelope, KEY, request, SERVER_INFO, startModern, VERSION } from './modern.ts';

const DESCRIBED = {
  capabilities: {
    tools: { listChanged: true },
    prompts: {},
    resources: { subscribe: true },
    completions: {},
    logging: {},
    tasks: { requests: { tools: { call: {} } } },
    extensions: { 'example.com/vendor': { level: 3 } },
    experimental: { x: {} },
  },
  serverInfo: { name: 'scripted', version: '7', title: 'Scripted', icons: [{ src: 'data:,' }] },
  instructions: 'Mind the gap.',
};
const BY_SERVER = { [KEY.serverInfo]: DESCRIBED.serverInfo };
const LISTS = {
  'tools/list': 'tools',
  'prompts/list': 'prompts',
  'resources/list': 'resources',
  'resources/templates/list': 'resourceTemplates',
} as const;
const callTool = (name: string, meta = envelope()) => request(1, 'tools/call', { name }, meta);

describe.each(ENGINES)('on the engine %s', (engine) => {
  const start = (answer: (asked: Asked) => void) => startModern(engine, answer, { described: DESCRIBED });
  const startWith = (result: unknown) => start((asked) => asked.result(result));

  it('server/discover tells what the server is, but for tasks, and only this revision', async () => {
    const { send } = await startWith({});
    const { status, body } = await send(request('d', 'server/discover'));
    const { tasks: _, ...capabilities } = DESCRIBED.capabilities;
    expect([status, body]).toEqual([
      200,
      {
        jsonrpc: '2.0',
        id: 'd',
        result: {
          resultType: 'complete',
          supportedVersions: [VERSION],
          capabilities,
          instructions: DESCRIBED.instructions,
          ttlMs: 0,
          cacheScope: 'private',
          _meta: BY_SERVER,
        },
      },
    ]);
  });

  it.each(Object.entries(LISTS))('%s is complete, private and not to be kept', async (method, member) => {
    const { send } = await startWith({ [member]: [], nextCursor: 'n', cacheScope: 'public', x: 1 });
    const { body } = await send(request(1, method));
    expect(body.result).toEqual({
      resultType: 'complete',
      [member]: [],
      nextCursor: 'n',
      ttlMs: 0,
      cacheScope: 'private',
      x: 1,
      _meta: BY_SERVER,
    });
  });

  it('what a server says may be kept for a while may be, by the one who asked', async () => {
    const { send } = await startWith({ contents: [], ttlMs: 5_000, cacheScope: 'public' });
    const { result } = (await send(request(1, 'resources/read', { uri: 'test://a' }))).body;
    expect([result.ttlMs, result.cacheScope]).toEqual([5_000, 'private']);
  });

  it('fields that nobody here knows pass in both directions, the keys of the envelope do not', async () => {
    const { send, upstream } = await startWith({
      content: [{ type: 'hologram', depth: 3 }],
      'x-vendor': [null, 0, ''],
      _meta: { traceparent: '00-b', 'example.com/r': { a: [1] } },
    });
    const traced = {
      traceparent: '00-a',
      tracestate: 's',
      baggage: 'b',
      'example.com/q': [{}],
      progressToken: 7,
    };
    const params = { name: 't', arguments: { nested: { __proto__: null, deep: [null] } }, vendor: { v: 1 } };
    const meta = envelope({ sampling: {} }, { ...traced, [KEY.logLevel]: 'info' });
    const { body } = await send(request(1, 'tools/call', params, meta));
    expect(body.result).toEqual({
      resultType: 'complete',
      content: [{ type: 'hologram', depth: 3 }],
      'x-vendor': [null, 0, ''],
      _meta: { traceparent: '00-b', 'example.com/r': { a: [1] }, ...BY_SERVER },
    });
    const sent = upstream.received.find((each) => 'method' in each && each.method === 'tools/call');
    expect(sent).toMatchObject({
      params: { ...params, _meta: { ...traced, progressToken: expect.any(Number) } },
    });
    expect(Object.keys((sent as never as { params: { _meta: object } }).params._meta)).toEqual(
      Object.keys(traced),
    );
  });

  it('a method that no revision knows passes with its params and its result', async () => {
    const { send } = await start(({ request: { params }, result }) => result({ echoed: params }));
    const { body } = await send(request(1, 'vendor/do', { a: [1, { b: null }] }));
    expect(body.result).toEqual({
      resultType: 'complete',
      echoed: { a: [1, { b: null }] },
      _meta: BY_SERVER,
    });
  });

  it('a notification that no revision knows passes to a server that runs, and starts none', async () => {
    const { send, sent, count } = await startWith({});
    const meta = envelope({}, { 'example.com/q': 1 });
    const notification = {
      jsonrpc: '2.0',
      method: 'notifications/vendor',
      params: { v: 1, _meta: meta },
    } as const;
    expect((await send(notification)).status).toBe(202);
    expect(count('notifications/initialized')).toBe(0);
    await send(callTool('t'));
    expect((await send(notification)).status).toBe(202);
    await send(callTool('t'));
    expect(sent('notifications/vendor')).toEqual([
      { jsonrpc: '2.0', method: 'notifications/vendor', params: { v: 1, _meta: { 'example.com/q': 1 } } },
    ]);
  });

  it.each([
    ['input_required', { inputRequests: { x: { method: 'roots/list' } }, requestState: 'forged' }],
    ['complete', {}],
    ['odd', {}],
  ])('a server of 2025-11-25 cannot say resultType %s', async (resultType, more) => {
    const { send } = await startWith({ content: [], resultType, ...more });
    expect((await send(callTool('t'))).body.result.resultType).toBe('complete');
  });

  it.each([null, 'text', 7, [1]])('the result %j, which is no object, is an empty one', async (result) => {
    const { send } = await startWith(result);
    expect((await send(callTool('t'))).body.result).toEqual({ resultType: 'complete', _meta: BY_SERVER });
  });

  describe('tools/list', () => {
    it('leaves out what this revision does not have, and nothing else', async () => {
      const inputSchema = {
        $schema: 'https://json-schema.org/draft/2020-12/schema',
        type: 'object',
        properties: {
          region: { type: 'string', 'x-mcp-header': 'Region' },
          'x-mcp-header': { type: 'string' },
        },
        allOf: [{ properties: { deep: { 'x-mcp-header': 'Deep', type: 'integer' } } }],
        $defs: { a: { $anchor: 'a' } },
        additionalProperties: false,
      };
      const { send } = await startWith({
        tools: [
          {
            name: 'plain',
            inputSchema,
            execution: { taskSupport: 'optional' },
            vendor: 1,
            outputSchema: { x: 1 },
          },
          { name: 'task', inputSchema: {}, execution: { taskSupport: 'required' } },
          { name: 'forbidden', inputSchema: {}, execution: { taskSupport: 'forbidden' } },
          'no tool',
        ],
      });
      const { tools } = (await send(request(1, 'tools/list'))).body.result;
      expect(tools).toEqual([
        {
          name: 'plain',
          inputSchema: {
            ...inputSchema,
            properties: { region: { type: 'string' }, 'x-mcp-header': { type: 'string' } },
            allOf: [{ properties: { deep: { type: 'integer' } } }],
          },
          vendor: 1,
          outputSchema: { x: 1 },
        },
        { name: 'forbidden', inputSchema: {} },
      ]);
    });
  });

  describe('errors of a server of 2025-11-25', () => {
    const startFailing = (error: object) =>
      start(({ request: { id }, deliver }) => deliver({ jsonrpc: '2.0', id, error } as never));
    const read = request('r', 'resources/read', { uri: 'test://gone' });

    it.each([
      [undefined, { uri: 'test://gone' }],
      [
        { uri: 'test://other', more: 1 },
        { uri: 'test://other', more: 1 },
      ],
      ['text', { uri: 'test://gone' }],
    ])('a resource that is not there is -32602 with its uri (data %j)', async (data, expected) => {
      const { send } = await startFailing({ code: -32_002, message: 'Resource not found', data });
      const { status, body } = await send(read);
      expect(status).toBe(200);
      expect(body).toEqual({
        jsonrpc: '2.0',
        id: 'r',
        error: { code: -32_602, message: 'Resource not found', data: expected },
      });
    });

    it.each([-32_020, -32_021, -32_022, -32_042, -32_099])(
      '%i, to which this revision gives a meaning, is -32603',
      async (code) => {
        const { send } = await startFailing({ code, message: 'mine', data: { requiredCapabilities: {} } });
        const { status, body } = await send(callTool('t'));
        expect([status, body.error.code, body.error.message]).toEqual([200, -32_603, 'mine']);
      },
    );

    it.each([-32_602, -32_603, -32_000, -32_019, -32_100, -1, 0, 42])(
      '%i passes with its data',
      async (code) => {
        const { send } = await startFailing({ code, message: 'mine', data: { a: 1 } });
        const { status, body } = await send(callTool('t'));
        expect([status, body.error]).toEqual([200, { code, message: 'mine', data: { a: 1 } }]);
      },
    );

    it.each([{}, { code: 'x' }, { code: 1.5, message: 7 }, { code: null, message: null }])(
      'an error like %j is an error still',
      async (error) => {
        const { send } = await startFailing(error);
        const { status, body } = await send(callTool('t'));
        expect([status, body.id, body.error.code]).toEqual([200, 1, -32_603]);
        expect(body.error.message).toEqual(expect.any(String));
      },
    );
  });

  describe('while a call runs', () => {
    const PROGRESS = { progress: 1, total: 2, message: 'half', vendor: true };
    /** Says a log message of each level and one step of progress, then answers. */
    function talk({ request: { id, params }, result, deliver }: Asked): void {
      const { progressToken = 'none' } = (params?._meta ?? {}) as { progressToken?: unknown };
      for (const level of ['debug', 'info', 'error']) {
        deliver({ jsonrpc: '2.0', method: 'notifications/message', params: { level, data: level } }, id);
      }
      deliver({ jsonrpc: '2.0', method: 'notifications/progress', params: { progressToken, ...PROGRESS } });
      deliver({ jsonrpc: '2.0', method: 'notifications/vendor', params: { v: 1 } }, id);
      result({ content: [] });
    }

    async function messagesOf(meta: Record<string, unknown>) {
      const { post } = await start(talk);
      const events = readEvents(await post(callTool('t', meta)));
      const seen: Record<string, unknown>[] = [];
      while (seen.at(-1)?.id === undefined) seen.push(await events.message());
      expect(await events.next()).toBeUndefined();
      return seen.map(({ method, params, id }) => {
        const { data, progressToken } = (params ?? {}) as { data?: string; progressToken?: unknown };
        return id ?? data ?? progressToken ?? method;
      });
    }

    it('no log message goes to who asked for none, no progress to who gave no token', async () => {
      expect(await messagesOf(envelope())).toEqual(['notifications/vendor', 1]);
    });

    it.each([
      ['debug', ['debug', 'info', 'error']],
      ['info', ['info', 'error']],
      ['warning', ['error']],
      ['emergency', []],
    ])('with logLevel %s what ranks below it stays away', async (logLevel, levels) => {
      const seen = await messagesOf(envelope({}, { [KEY.logLevel]: logLevel }));
      expect(seen).toEqual([...levels, 'notifications/vendor', 1]);
    });

    it.each([0, 'token', ''])('progress comes under the token %j', async (progressToken) => {
      const seen = await messagesOf(envelope({}, { progressToken }));
      expect(seen).toEqual([progressToken, 'notifications/vendor', 1]);
    });

    it('the server is told the most talkative level that anybody asked for', async () => {
      const { send, upstream } = await startWith({ content: [] });
      for (const level of ['error', 'debug', 'info']) {
        await send(callTool('t', envelope({}, { [KEY.logLevel]: level })));
      }
      const set = upstream.received.filter((each) => 'method' in each && each.method === 'logging/setLevel');
      expect(set.map((each) => ('params' in each ? each.params?.level : undefined))).toEqual([
        'error',
        'debug',
      ]);
    });
  });

  it('a server without logging is not told of levels', async () => {
    const { send, count } = await startModern(engine, ({ result }) => result({ content: [] }));
    await send(callTool('t'));
    await send(callTool('t', envelope({}, { [KEY.logLevel]: 'debug' })));
    expect(count('logging/setLevel')).toBe(0);
    expect((await send(callTool('t'))).body.result._meta).toEqual({ [KEY.serverInfo]: SERVER_INFO });
  });
});
