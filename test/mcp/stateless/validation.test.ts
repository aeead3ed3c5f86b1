import { describe, expect, it } from 'vitest';
import { ENGINES } from '../../support/listen.ts';
import { sendRaw } from '../../support/raw-tls.ts';
import { post } from '../client.ts';
import type { Asked } from '../scripted-upstream.ts';
import { type Message, request, startModern, VERSION } from './modern.ts';

const CAPABILITIES = { tools: {}, resources: {}, completions: {} };
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

  describe('methods that are not there', () => {
    it('one that the server does not know is asked of it, one that its capabilities rule out is not', async () => {
      const { send: sendModern, count } = await start();
      await sendModern(request(1, 'vendor/unknown'));
      await sendModern(request(1, 'prompts/list'));
      await sendModern(request(1, 'ping'));
      expect([count('vendor/unknown'), count('prompts/list'), count('ping')]).toEqual([1, 0, 0]);
    });
  });

  describe('HTTP', () => {
    it('R48: without a good token it is 401, whatever else is wrong', async () => {
      const { url, upstream } = await start();
      const found = await post(url, { token: 'x', headers: { 'mcp-protocol-version': VERSION } }, '{');
      expect([found.status, found.headers.get('www-authenticate')]).toEqual([401, 'Bearer']);
      expect(upstream.received).toEqual([]);
    });
  });
});
