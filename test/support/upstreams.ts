import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Sharing } from '../../src/upstreams.ts';
import type { Home } from './home.ts';

/** The server of the official conformance suite, as a command. */
export const CONFORMANCE_UPSTREAM = {
  command: process.execPath,
  args: [fileURLToPath(new URL('../fixtures/conformance-upstream.mjs', import.meta.url))],
};

export interface UpstreamEntry {
  command: string;
  args: readonly string[];
  env?: Record<string, string>;
  sharing?: Sharing;
}

/** Puts stdio servers behind the daemon of this home, before it starts. */
export function writeUpstreams(home: Home, mcpServers: Record<string, UpstreamEntry>): void {
  mkdirSync(home.paths.root, { recursive: true, mode: 0o700 });
  writeFileSync(home.paths.upstreams, JSON.stringify({ mcpServers }), { mode: 0o600 });
}
