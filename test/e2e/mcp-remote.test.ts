import { fileURLToPath } from 'node:url';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { expect, it, onTestFinished } from 'vitest';
import { PROGRAM, runProgram } from '../support/program.ts';
import { startGateway } from '../support/upstreams.ts';

const CLIENTS = fileURLToPath(new URL('../clients/node_modules', import.meta.url));
const MCP_REMOTE = `${CLIENTS}/mcp-remote/dist/proxy.js`;
const BROWSER = fileURLToPath(new URL('../fixtures/browser.mjs', import.meta.url));

/** Its own words: which revision it is told to try, and what it says once it speaks 2026-07-28. */
const PROTOCOLS = [
  { revision: '2025-11-25', protocol: 'legacy', said: /^(?!.*speaks MCP)/s },
  { revision: '2026-07-28', protocol: 'auto', said: /speaks MCP 2026-07-28/ },
];

it.each(PROTOCOLS)(
  'mcp-remote registers, signs in and calls a tool in $revision',
  async ({ protocol, said }) => {
    const { home, url } = await startGateway('everything', 'shared');
    const transport = new StdioClientTransport({
      command: process.execPath,
      args: [MCP_REMOTE, url, '--transport', 'http-only', '--protocol', protocol],
      env: {
        ...(home.env as Record<string, string>),
        NODE_EXTRA_CA_CERTS: home.paths.caBundle,
        BROWSER,
        BROWSER_CA: home.paths.caBundle,
        BROWSER_PROGRAM: PROGRAM,
      },
      cwd: home.dir,
      stderr: 'pipe',
    });
    let stderr = '';
    transport.stderr?.on('data', (text) => {
      stderr += text;
    });
    const client = new Client({ name: 'test', version: '1' });
    onTestFinished(() => client.close());
    await client.connect(transport);
    expect(client.getServerVersion()?.name).toBe('mcp-servers/everything');
    expect((await client.listTools()).tools.map(({ name }) => name)).toContain('echo');
    const { content } = await client.callTool({ name: 'echo', arguments: { message: 'hello' } });
    expect(content).toEqual([{ type: 'text', text: 'Echo: hello' }]);
    expect(stderr).toMatch(said);
    expect((await runProgram(home, ['clients'])).stdout).toContain('MCP CLI Proxy');
  },
);
