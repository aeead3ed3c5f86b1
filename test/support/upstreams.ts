import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Sharing } from '../../src/upstreams.ts';
import { trust } from '../mcp/trusted-fetch.ts';
import { mintFor } from './control.ts';
import type { Home } from './home.ts';
import type { Endpoint } from './mcp-person.ts';
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

/** A server of `test/fixtures/life-upstream.mjs`. */
export const lifeServer = (...args: string[]): ServerEntry => node('../fixtures/life-upstream.mjs', ...args);

/** A server of `test/fixtures/streaming-upstream.mjs`. */
export const streamingServer = (): ServerEntry => node('../fixtures/streaming-upstream.mjs');

/** A server of `test/fixtures/told-upstream.mjs`. */
export const toldServer = (): ServerEntry => node('../fixtures/told-upstream.mjs');

/** A server as upstreams.json names it. */
export interface ServerEntry {
  readonly command: string;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly sharing?: Sharing;
  readonly enabled?: boolean;
}

type Servers = Readonly<Record<string, ServerEntry>>;

/** As a person's editor writes upstreams.json. */
export function writeServers(home: Home, mcpServers: Servers): void {
  writeFileSync(home.paths.upstreams, JSON.stringify({ mcpServers }, null, 2), { mode: 0o600 });
}

export interface ServedUpstreams {
  readonly home: Home;
  readonly daemon: Daemon;
  readonly token: string;
  /** A server's address, with the token or another one. */
  at(name: string, token?: string): Endpoint;
}

/** A daemon with these stdio servers behind it, and a token of the launcher's. */
export async function startServers(
  mcpServers: Servers,
  extra: NodeJS.ProcessEnv = {},
): Promise<ServedUpstreams> {
  const home = await createProgramHome(extra);
  mkdirSync(home.paths.root, { recursive: true, mode: 0o700 });
  writeServers(home, mcpServers);
  const daemon = await startDaemon(home);
  trust(daemon.url, daemon.ca);
  const token = await mintFor(home, home.dir);
  const at = (name: string, other = token) => ({ url: `${daemon.url}/mcp/${name}`, token: other });
  return { home, daemon, token, at };
}

/** A daemon with one stdio server behind it, the address of that server, and a token of the launcher's. */
export async function startGateway(
  name: keyof typeof UPSTREAMS,
  sharing: Sharing,
  extra: NodeJS.ProcessEnv = {},
): Promise<Gateway> {
  const { home, daemon, at } = await startServers({ [name]: { ...UPSTREAMS[name], sharing } }, extra);
  return { home, daemon, ...at(name) };
}
