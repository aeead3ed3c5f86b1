import { readFileSync } from 'node:fs';
import { type LeafContent, signLeaf } from './evil-leaf.ts';
import type { Home } from './home.ts';
import { type ForeignServer, startForeignServer } from './mcp-server.ts';
import { startProxy } from './proxy.ts';

interface Forgery extends LeafContent {
  readonly about: string;
  /** Whom the thief claims to be. */
  readonly host: string;
  /** The clients that fall for it; none, except where SECURITY.md says so. */
  readonly acceptedBy: readonly string[];
}

/** What somebody could sign who stole the issuing key, and one leaf that is permitted. */
export const FORGERIES: readonly Forgery[] = JSON.parse(
  readFileSync(new URL('../corpus/forged-leaves.json', import.meta.url), 'utf8'),
);

export interface Forgeries {
  /** Leads every host to the thief's server for it. */
  readonly proxyUrl: string;
  readonly hosts: readonly string[];
  /** The hosts that somebody asked for. */
  tried(): readonly string[];
  /** The hosts at which somebody sent a request, and so believed the certificate. */
  reached(): string[];
  /** Those that this client may believe. */
  expectedOf(client: string): string[];
}

/** A server for every leaf that somebody could sign who stole this home's issuing key (R2). */
export async function serveForgeries({ paths }: Home): Promise<Forgeries> {
  const stolen = readFileSync(paths.authority, 'utf8');
  const servers = new Map<string, ForeignServer>();
  for (const { host, ...content } of FORGERIES) {
    const { key, chain } = signLeaf(stolen, content);
    servers.set(host, await startForeignServer({ key, cert: chain }));
  }
  const proxy = await startProxy(new Map([...servers].map(([host, { port }]) => [host, port])));
  return {
    proxyUrl: proxy.url,
    hosts: [...servers.keys()],
    tried: () => proxy.asked,
    reached: () => [...servers].filter(([, { requests }]) => requests.length > 0).map(([host]) => host),
    expectedOf: (client) =>
      FORGERIES.filter(({ acceptedBy }) => acceptedBy.includes(client)).map(({ host }) => host),
  };
}
