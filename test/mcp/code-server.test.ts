import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { SSEClientTransport } from '@modelcontextprotocol/sdk/client/sse.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createCodeServer } from '../../src/mcp/code-server.ts';
import { ENGINES } from '../support/listen.ts';
import { call, openSession, post } from './client.ts';
import { type Served, serveMcp } from './serve.ts';
import { trustedFetch } from './trusted-fetch.ts';

describe.each(ENGINES)('on the engine %s', (engine) => {
  const certificate = { notAfter: '2027-01-01T00:00:00.000Z', daysLeft: 40, serverSha256: 'AB:CD' };

  async function start(): Promise<Served> {
    const served: Served = await serveMcp(
      engine,
      createCodeServer((workspace) => ({
        version: '9.9.9',
        engine: 'https',
        uptimeSeconds: 12,
        certificate,
        sessions: served.mcp.sessions(),
        workspace,
      })),
    );
    return served;
  }

  const TRANSPORTS = {
    http: (url: string, headers: Record<string, string>) =>
      new StreamableHTTPClientTransport(new URL(`${url}/mcp`), {
        requestInit: { headers },
        fetch: trustedFetch,
      }),
    sse: (url: string, headers: Record<string, string>) =>
      new SSEClientTransport(new URL(`${url}/mcp/sse`), { requestInit: { headers }, fetch: trustedFetch }),
  } as const;

  async function connect(served: Served, kind: keyof typeof TRANSPORTS, workspace?: string) {
    const client = new Client({ name: 'test', version: '1' });
    const transport = TRANSPORTS[kind](served.url, {
      authorization: `Bearer ${served.token('a', workspace)}`,
    });
    onTestFinished(() => client.close());
    await client.connect(transport as Parameters<Client['connect']>[0]);
    return { client, transport };
  }

  describe.each(['http', 'sse'] as const)('our server and the official client over %s', (kind) => {
    it('lists server_status as read-only, with an output schema, and answers it by the schema', async () => {
      const served = await start();
      const { client } = await connect(served, kind, '/home/me/project');
      expect(client.getServerVersion()).toMatchObject({ name: 'claude-secure' });
      const { tools } = await client.listTools();
      expect(tools).toMatchObject([
        {
          name: 'server_status',
          title: 'Server status',
          description: expect.stringContaining('health'),
          inputSchema: { type: 'object', properties: {} },
          outputSchema: { type: 'object', required: expect.arrayContaining(['version', 'certificate']) },
          annotations: { readOnlyHint: true, idempotentHint: true },
        },
      ]);
      // The client itself checks structured content against the output schema.
      const { structuredContent, content } = await client.callTool({ name: 'server_status', arguments: {} });
      const status = {
        version: '9.9.9',
        engine: 'https',
        uptimeSeconds: 12,
        certificate,
        sessions: 1,
        workspace: '/home/me/project',
      };
      expect(structuredContent).toEqual(status);
      expect(content).toEqual([{ type: 'text', text: JSON.stringify(status) }]);
    });

    it('each caller sees its own workspace through the one shared server', async () => {
      const served = await start();
      const workspaces = ['/one', '/two', undefined];
      const clients = await Promise.all(workspaces.map((workspace) => connect(served, kind, workspace)));
      const calls = clients.flatMap(({ client }) =>
        Array.from({ length: 5 }, () => client.callTool({ name: 'server_status', arguments: {} })),
      );
      const seen = (await Promise.all(calls)).map(
        ({ structuredContent }) => (structuredContent as { workspace?: string }).workspace,
      );
      expect(seen).toEqual(workspaces.flatMap((workspace) => Array(5).fill(workspace)));
    });

    it('answers ping, and unknown tools and methods with an error', async () => {
      const { client } = await connect(await start(), kind);
      expect(await client.ping()).toEqual({});
      expect(await client.callTool({ name: 'nothing', arguments: {} })).toMatchObject({ isError: true });
      await expect(client.listPrompts()).rejects.toThrow();
    });
  });

  it('the official client ends its session, and what it sends afterwards fails', async () => {
    const served = await start();
    const { client, transport } = await connect(served, 'http');
    await (transport as StreamableHTTPClientTransport).terminateSession();
    expect(served.mcp.sessions()).toBe(0);
    await expect(client.ping()).rejects.toThrow();
  });

  describe('R49: params that MCP does not know get an error, and the session works on', () => {
    it.each([
      ['_meta that is a number', { name: 'server_status', _meta: 5 }],
      ['a progress token that is an object', { name: 'server_status', _meta: { progressToken: {} } }],
      ['a related task that is none', { _meta: { 'io.modelcontextprotocol/related-task': 1 } }],
      ['a name that is a number', { name: 5 }],
      ['arguments that are a list', { name: 'server_status', arguments: [] }],
      ['a prototype', JSON.parse('{"name":"__proto__","arguments":{"__proto__":{"polluted":1}}}')],
      ['a name of 100,000 characters', { name: 'a'.repeat(100_000) }],
      ['a name built for slow expressions', { name: `${'a'.repeat(50_000)}!{${'{'.repeat(50_000)}` }],
    ])('%s', async (_what, params) => {
      const served = await start();
      const token = served.token('a');
      const session = await openSession(served, token);
      const sent = { token, session };
      const response = await post(`${served.url}/mcp`, sent, {
        jsonrpc: '2.0',
        id: 1,
        method: 'tools/call',
        params,
      });
      const answer = await response.json();
      expect(answer.id).toBe(1);
      expect(answer.error ?? answer.result.isError).toBeTruthy();
      expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
      const next = await post(`${served.url}/mcp`, sent, call(1, 'server_status'));
      expect((await next.json()).result.structuredContent.version).toBe('9.9.9');
    });
  });
});
