import { describe, expect, it } from 'vitest';
import { ENGINES } from '../../support/listen.ts';
import { sendRaw } from '../../support/raw-tls.ts';
import { post, send } from '../client.ts';
import type { Asked } from '../scripted-upstream.ts';
import {
  envelope,
  headersOf,
  KEY,
  type Message,
  readAnswer,
  request,
  startModern,
  VERSION,
} from './modern.ts';

const CAPABILITIES = { tools: {}, resources: {}, completions: {} };
const base64 = (text: string): string => `=?base64?${Buffer.from(text).toString('base64')}?=`;
const callTool = (name: unknown, id: unknown = 1): Message => request(id, 'tools/call', { name });

/** Knows the tools that are called, and no method beyond those of its capabilities. */
function answer({ request: { id, method }, result, deliver }: Asked): void {
  const isKnown = ['tools/', 'resources/', 'completion/'].some((known) => method.startsWith(known));
  if (isKnown) result({ content: [] });
  else deliver({ jsonrpc: '2.0', id, error: { code: -32_601, message: 'Method not found' } });
}

describe.each(ENGINES)('on the engine %s', (engine) => {
  const start = () => startModern(engine, answer, { described: { capabilities: CAPABILITIES } });

  describe('R50: headers and body must agree', () => {
    const read = (uri: string): Message => request(1, 'resources/read', { uri });
    const without = (message: Message, ...names: string[]) => {
      const headers = { ...headersOf(message) };
      for (const name of names) delete headers[name];
      return headers;
    };
    const refused: [string, Message, Record<string, string>][] = [
      ['no version header', callTool('a'), without(callTool('a'), 'mcp-protocol-version')],
      ['no method header', callTool('a'), without(callTool('a'), 'mcp-method')],
      ['no name header', callTool('a'), without(callTool('a'), 'mcp-name')],
      ['no header at all', callTool('a'), {}],
      [
        'another version',
        callTool('a'),
        { ...headersOf(callTool('a')), 'mcp-protocol-version': '2027-01-01' },
      ],
      [
        'a session’s version',
        callTool('a'),
        { ...headersOf(callTool('a')), 'mcp-protocol-version': '2025-11-25' },
      ],
      ['another method', callTool('a'), { ...headersOf(callTool('a')), 'mcp-method': 'tools/list' }],
      [
        'the method in another case',
        callTool('a'),
        { ...headersOf(callTool('a')), 'mcp-method': 'Tools/Call' },
      ],
      ['another tool', callTool('a'), { ...headersOf(callTool('a')), 'mcp-name': 'b' }],
      ['the tool in another case', callTool('a'), { ...headersOf(callTool('a')), 'mcp-name': 'A' }],
      ['another resource', read('test://a'), { ...headersOf(read('test://a')), 'mcp-name': 'test://b' }],
      ['another tool in base64', callTool('a'), { ...headersOf(callTool('a')), 'mcp-name': base64('b') }],
      ['base64 that is none', callTool('a'), { ...headersOf(callTool('a')), 'mcp-name': '=?base64?YQ=?=' }],
      [
        'a sentinel in capitals',
        callTool('a'),
        { ...headersOf(callTool('a')), 'mcp-name': '=?BASE64?YQ==?=' },
      ],
    ];
    it.each(refused)('%s is 400 -32020 with the id, and nothing runs', async (_what, message, headers) => {
      const { url, token, upstream } = await start();
      const { status, type, body } = await readAnswer(await post(url, { token, headers }, message));
      expect([status, type]).toEqual([400, 'application/json']);
      expect(body).toMatchObject({ jsonrpc: '2.0', id: 1, error: { code: -32_020 } });
      expect(upstream.received).toEqual([]);
    });

    it.each([
      ['a', base64('a')],
      ['日本 tool', base64('日本 tool')],
      ['=?base64?x?=', base64('=?base64?x?=')],
      ['', base64('')],
    ])('Mcp-Name of %j is decoded before it is compared', async (name, header) => {
      const { send: sendModern } = await start();
      expect((await sendModern(callTool(name), { 'mcp-name': header })).status).toBe(200);
    });

    const raw = (message: Message, token: string, head: string): string => {
      const body = Buffer.from(JSON.stringify(message)).toString('latin1');
      return [
        'POST /mcp HTTP/1.1',
        'Host: 127.0.0.1',
        `Authorization: Bearer ${token}`,
        'Content-Type: application/json',
        'Accept: application/json, text/event-stream',
        `Content-Length: ${body.length}`,
        `${head}\r\n`,
        body,
      ].join('\r\n');
    };

    it('white space around a value and the case of a name do not count', async () => {
      const { served, token } = await start();
      const head = `MCP-PROTOCOL-VERSION: \t ${VERSION} \t\r\nmcp-METHOD:tools/call\r\nMcp-Name:  a \t`;
      const bytes = raw(callTool('a'), token, head);
      const { port } = new URL(served.url);
      const { statuses } = await sendRaw({ port: Number(port), ca: served.ca, bytes, answers: 1 });
      expect(statuses).toEqual([200]);
    });

    it.each(['caf\xe9', '\xe6\x97\xa5'])(
      'the name %j, which is not ASCII and not in base64, is 400 -32020 with the id',
      async (name) => {
        const { served, token, upstream } = await start();
        const head = `Mcp-Protocol-Version: ${VERSION}\r\nMcp-Method: tools/call\r\nMcp-Name: ${name}`;
        const bytes = raw(callTool(Buffer.from(name, 'latin1').toString()), token, head);
        const { port } = new URL(served.url);
        const { statuses, text } = await sendRaw({ port: Number(port), ca: served.ca, bytes, answers: 1 });
        expect(statuses).toEqual([400]);
        expect(text).toMatch(/-32020/);
        expect(text).toMatch(/"id":1\b/);
        expect(upstream.received).toEqual([]);
      },
    );
  });

  describe('the envelope in _meta', () => {
    it.each(['2027-01-01', '2026-07-29', '2025-11-25', '1.0'])(
      'version %s is 400 -32022',
      async (version) => {
        const { send: sendModern } = await start();
        const message = request('x', 'tools/list', {}, envelope({}, { [KEY.version]: version }));
        const { status, body } = await sendModern(message, { 'mcp-protocol-version': version });
        expect(status).toBe(400);
        expect(body).toMatchObject({
          id: 'x',
          error: { code: -32_022, data: { supported: [VERSION], requested: version } },
        });
      },
    );

    it.each<[string, object | undefined]>([
      ['no _meta', undefined],
      ['no version', { [KEY.capabilities]: {} }],
      ['no capabilities', { [KEY.version]: VERSION }],
      ['capabilities of another form', envelope({}, { [KEY.capabilities]: 'all' })],
      ['null for capabilities', envelope({}, { [KEY.capabilities]: null })],
      ['an unknown log level', envelope({}, { [KEY.logLevel]: 'loud' })],
      ['a number for a version', envelope({}, { [KEY.version]: 20_260_728 })],
    ])('%s is 400 -32602 with the id', async (_what, meta) => {
      const { send: sendModern, upstream } = await start();
      const message = { jsonrpc: '2.0', id: 0, method: 'tools/list', params: { _meta: meta } } as const;
      const { status, body } = await sendModern(message as never);
      expect(status).toBe(400);
      expect(body).toMatchObject({ jsonrpc: '2.0', id: 0, error: { code: -32_602 } });
      expect(upstream.received).toEqual([]);
    });

    it('clientInfo is not needed', async () => {
      const { send: sendModern } = await start();
      const meta = { [KEY.version]: VERSION, [KEY.capabilities]: {} };
      expect((await sendModern(request(1, 'tools/list', {}, meta))).status).toBe(200);
    });
  });

  describe('methods that are not there', () => {
    it.each([
      'initialize',
      'ping',
      'logging/setLevel',
      'resources/subscribe',
      'resources/unsubscribe',
      'tasks/get',
      'tasks/list',
      'prompts/list',
      'prompts/get',
      'vendor/unknown',
      'constructor',
      '__proto__',
      '',
    ])('%j is 404 -32601 with the id', async (method) => {
      const { send: sendModern } = await start();
      const { status, type, body } = await sendModern(request('i', method, { name: 'n' }), {
        'mcp-name': 'n',
      });
      expect([status, type]).toEqual([404, 'application/json']);
      expect(body).toEqual({
        jsonrpc: '2.0',
        id: 'i',
        error: { code: -32_601, message: 'Method not found' },
      });
    });

    it('one that the server does not know is asked of it, one that its capabilities rule out is not', async () => {
      const { send: sendModern, count } = await start();
      await sendModern(request(1, 'vendor/unknown'));
      await sendModern(request(1, 'prompts/list'));
      await sendModern(request(1, 'ping'));
      expect([count('vendor/unknown'), count('prompts/list'), count('ping')]).toEqual([1, 0, 0]);
    });
  });

  describe('ids', () => {
    it.each([0, 1, -7, Number.MAX_SAFE_INTEGER, '', '1', 'constructor', '__proto__', 'ü\u2028\n'])(
      '%j comes back as it is, of a result and of an error',
      async (id) => {
        const { send: sendModern } = await start();
        expect((await sendModern(callTool('a', id))).body.id).toBe(id);
        expect((await sendModern(callTool('a', id), { 'mcp-name': 'b' })).body.id).toBe(id);
        expect((await sendModern(request(id, 'prompts/list'))).body.id).toBe(id);
      },
    );

    it.each([null, 1.5, {}, [], true])('R49: %j is none: 400 -32600 without an id', async (id) => {
      const { send: sendModern } = await start();
      const { status, body } = await sendModern(callTool('a', id));
      expect([status, body.error.code, Object.hasOwn(body, 'id')]).toEqual([400, -32_600, false]);
    });
  });

  describe('what is no request', () => {
    it('a notification is 202 without a body', async () => {
      const { send: sendModern } = await start();
      const message = {
        jsonrpc: '2.0',
        method: 'notifications/cancelled',
        params: { requestId: 1 },
      } as const;
      const { status, type, body, headers } = await sendModern(message);
      expect([status, type, body]).toEqual([202, null, '']);
      expect(headers.get('mcp-session-id')).toBeNull();
    });

    it.each<[string, object, Record<string, string>]>([
      ['a notification with another method in its header', {}, { 'mcp-method': 'x' }],
      ['a notification of another version', { params: { _meta: { [KEY.version]: '2027-01-01' } } }, {}],
    ])('%s is 400 without an id', async (_what, more, headers) => {
      const { send: sendModern } = await start();
      const message = { jsonrpc: '2.0', method: 'notifications/vendor', ...more } as Message;
      const { status, body } = await sendModern(message, headers);
      expect([status, Object.hasOwn(body, 'id')]).toEqual([400, false]);
    });

    it.each<[string, unknown]>([
      ['a posted result', { jsonrpc: '2.0', id: 1, result: {} }],
      ['a posted error', { jsonrpc: '2.0', id: 1, error: { code: 1, message: '' } }],
      ['a batch', [callTool('a')]],
      ['a batch of notifications', [{ jsonrpc: '2.0', method: 'notifications/x' }]],
      ['a batch of both revisions', [callTool('a'), { jsonrpc: '2.0', id: 2, method: 'tools/list' }]],
    ])('%s is 400 -32600 and never id null', async (_what, message) => {
      const { url, token, upstream } = await start();
      const headers = { 'mcp-protocol-version': VERSION, 'mcp-method': 'tools/call', 'mcp-name': 'a' };
      const { status, body } = await readAnswer(await post(url, { token, headers }, message));
      expect([status, body.error.code]).toEqual([400, -32_600]);
      expect(body.id).not.toBeNull();
      expect(upstream.received).toEqual([]);
    });
  });

  describe('HTTP', () => {
    it('session ids and event ids are ignored, and none is given', async () => {
      const { send: sendModern } = await start();
      const headers = { 'mcp-session-id': 'none', 'last-event-id': '1-0' };
      const found = await sendModern(callTool('a'), headers);
      expect(found.status).toBe(200);
      expect(found.headers.get('mcp-session-id')).toBeNull();
      expect(found.headers.get('cache-control')).toBe('no-store');
    });

    it.each(['GET', 'DELETE'] as const)('%s is 405 and says what is allowed', async (method) => {
      const { url, token } = await start();
      const headers = { 'mcp-protocol-version': VERSION, 'mcp-session-id': 'none' };
      const response = await send(method, url, { token, headers });
      expect([response.status, response.headers.get('allow')]).toEqual([405, 'POST']);
    });

    it.each<[string, Record<string, string>, number]>([
      ['no Accept of events', { accept: 'application/json' }, 406],
      ['no Accept of JSON', { accept: 'text/event-stream' }, 406],
      ['another content type', { 'content-type': 'text/plain' }, 415],
      ['another charset', { 'content-type': 'application/json; charset=latin1' }, 415],
    ])('R49: %s is %3$i', async (_what, headers, status) => {
      const { send: sendModern, upstream } = await start();
      expect((await sendModern(callTool('a'), headers)).status).toBe(status);
      expect(upstream.received).toEqual([]);
    });

    it('R48: without a good token it is 401, whatever else is wrong', async () => {
      const { url, upstream } = await start();
      const found = await post(url, { token: 'x', headers: { 'mcp-protocol-version': VERSION } }, '{');
      expect([found.status, found.headers.get('www-authenticate')]).toEqual([401, 'Bearer']);
      expect(upstream.received).toEqual([]);
    });
  });
});
