import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pass } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { onTestFinished } from 'vitest';
import { limits } from '../../src/limits.ts';
import { trust } from '../mcp/trusted-fetch.ts';
import { claudes } from '../support/claudes.ts';
import { startDaemon } from '../support/program.ts';
import { ALLOW, createStory, type Story } from '../support/story.ts';
import { faultLine, SOAK_MINUTES } from './line.ts';
import { heapOf, heapReporting, rssOf } from './meter.ts';
import { createSignedInClient, type SignedInClient } from './signed-in-client.ts';

const CLIENTS = fileURLToPath(new URL('../clients/node_modules', import.meta.url));
const MCP_REMOTE = `${CLIENTS}/mcp-remote/dist/proxy.js`;
const CLIENT_V2 = pathToFileURL(`${CLIENTS}/@modelcontextprotocol/client/dist/index.mjs`).href;
const SOAK_MS = SOAK_MINUTES * 60_000;
const TOKEN_MS = Math.min(60_000, SOAK_MS / 6);
const CALL_MS = 1_000;
const RSS_GROWTH = 1.2;
const HEAP_GROWTH = 1.2;
const INFO = { name: 'soak', version: '1' };

/** Calls our own server's tool; throws unless it is answered well. */
type Call = () => Promise<unknown>;

const TOOL = { name: 'server_status', arguments: {} };

function closing(client: { close(): Promise<void> }): void {
  onTestFinished(() => client.close());
}

async function connectV1(url: URL, { fetch }: SignedInClient): Promise<Call> {
  const client = new Client(INFO);
  closing(client);
  await client.connect(new StreamableHTTPClientTransport(url, { fetch }) as Parameters<Client['connect']>[0]);
  return () => client.callTool(TOOL);
}

async function connectV2(url: URL, { fetch }: SignedInClient): Promise<Call> {
  const sdk = await import(CLIENT_V2);
  const client = new sdk.Client(INFO);
  closing(client);
  await client.connect(new sdk.StreamableHTTPClientTransport(url, { fetch }));
  return () => client.callTool(TOOL);
}

/** Its tokens are its own business: it renews them when an hour is over. */
async function connectRemote(url: URL, { home, env }: Story): Promise<Call> {
  const client = new Client(INFO);
  closing(client);
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [MCP_REMOTE, String(url), '--transport', 'http-only'],
    env: { ...(env as Record<string, string>), NODE_EXTRA_CA_CERTS: home.paths.caBundle },
    cwd: home.dir,
    stderr: 'ignore',
  });
  await client.connect(transport);
  return () => client.callTool(TOOL);
}

async function askClaude(story: Story): Promise<void> {
  const { status, stdout, stderr } = await story.secure([ALLOW, '-p', 'how is the server?']);
  if (status !== 0 || !stdout.startsWith('FINAL: ')) throw new Error(`claude: ${status} ${stdout}${stderr}`);
}

faultLine(
  {
    number: 'L17',
    input: `the SDK's clients of both generations, mcp-remote and claude -p for ${SOAK_MINUTES} min; tokens end every ${TOKEN_MS / 1_000} s`,
    promised:
      'no 401 for a good token, no 5xx, every call answered; heap and RSS flat; the log within its rotation',
    timeoutMs: SOAK_MS + 300_000,
    isLong: true,
  },
  async (engine) => {
    const story = await createStory(claudes[1]!);
    const { home } = story;
    story.env.CLAUDE_SECURE_ENGINE = engine;
    const daemon = await startDaemon(home, { ...heapReporting(home), CLAUDE_SECURE_ENGINE: engine });
    const { pid } = daemon.state;
    trust(daemon.url, daemon.ca);
    const url = new URL('/mcp', daemon.url);
    const signedIn = [await createSignedInClient(home), await createSignedInClient(home)] as const;
    const calls = [
      await connectV1(url, signedIn[0]),
      await connectV2(url, signedIn[1]),
      await connectRemote(url, story),
    ];
    const failures: string[] = [];
    let count = 0;
    const endMs = performance.now() + SOAK_MS;
    async function repeat(everyMs: number, act: Call): Promise<void> {
      while (performance.now() < endMs) {
        await act().then(
          () => count++,
          (error: unknown) => failures.push(String(error)),
        );
        await pass(everyMs);
      }
    }
    const soak = Promise.all([
      ...calls.map((call) => repeat(CALL_MS, call)),
      ...signedIn.map(({ renew }) => repeat(TOKEN_MS, renew)),
      repeat(TOKEN_MS, () => askClaude(story)),
    ]);
    // What each kind of client makes the daemon load is there after a while.
    await pass(SOAK_MS / 3);
    const [heapBefore, rssBefore] = [await heapOf(pid, home), rssOf(pid)];
    await soak;
    const [heapAfter, rssAfter] = [await heapOf(pid, home), rssOf(pid)];
    const wrong = signedIn.flatMap((client) => client.wrong);
    const logs = readdirSync(home.paths.logs).map((name) => statSync(join(home.paths.logs, name)).size);
    return [
      { what: 'calls', seen: String(count), held: count > 0 },
      { what: 'failed', seen: `${failures.length} ${failures[0] ?? ''}`, held: failures.length === 0 },
      { what: '401 and 5xx', seen: `${wrong.length} ${wrong[0] ?? ''}`, held: wrong.length === 0 },
      {
        what: 'heap',
        seen: `${heapBefore.toFixed(1)} to ${heapAfter.toFixed(1)} MB`,
        held: heapAfter <= heapBefore * HEAP_GROWTH,
      },
      {
        what: 'RSS',
        seen: `${rssBefore.toFixed(0)} to ${rssAfter.toFixed(0)} MB`,
        held: rssAfter <= rssBefore * RSS_GROWTH,
      },
      {
        what: 'log files',
        seen: `${logs.length}, the largest ${Math.max(...logs)} bytes`,
        held: logs.length <= limits.logFiles + 1 && Math.max(...logs) <= limits.logBytes * 1.01,
      },
    ];
  },
);
