import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Sharing } from '../../src/upstreams.ts';
import { trust } from '../mcp/trusted-fetch.ts';
import type { Home } from './home.ts';
import type { Endpoint } from './mcp-person.ts';
import { mintToken } from './oauth-client.ts';
import { createProgramHome, type Daemon, startDaemon } from './program.ts';

const node = (path: string, ...args: string[]) => ({
  command: process.execPath,
  args: [fileURLToPath(new URL(path, import.meta.url)), ...args],
});

/** Stdio servers as upstreams.json names them. */
export const UPSTREAMS = {
  /** What the official conformance suite expects. */
  conformance: node('../fixtures/conformance-upstream.mjs'),
  /** A knowledge graph. */
  memory: node('../clients/node_modules/@modelcontextprotocol/server-memory/dist/index.js'),
  /** The reference server with everything in it. */
  everything: node('../clients/node_modules/@modelcontextprotocol/server-everything/dist/index.js', 'stdio'),
} as const;

export interface Gateway extends Endpoint {
  readonly home: Home;
  readonly daemon: Daemon;
}

/** A daemon with one stdio server behind it, the address of that server, and a token of the launcher's. */
export async function startGateway(
  name: keyof typeof UPSTREAMS,
  sharing: Sharing,
  extra: NodeJS.ProcessEnv = {},
): Promise<Gateway> {
  const home = await createProgramHome(extra);
  mkdirSync(home.paths.root, { recursive: true, mode: 0o700 });
  const mcpServers = { [name]: { ...UPSTREAMS[name], sharing } };
  writeFileSync(home.paths.upstreams, JSON.stringify({ mcpServers }), { mode: 0o600 });
  const daemon = await startDaemon(home);
  trust(daemon.url, daemon.ca);
  return { home, daemon, url: `${daemon.url}/mcp/${name}`, token: await mintToken(home, name) };
}
