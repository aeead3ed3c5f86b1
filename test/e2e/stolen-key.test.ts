import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ensureCertificate } from '../../src/certificate/ensure.ts';
import { claudes } from '../support/claudes.ts';
import { type LeafContent, signLeaf } from '../support/evil-leaf.ts';
import { type ForeignServer, startForeignServer } from '../support/mcp-server.ts';
import { startProxy } from '../support/proxy.ts';
import { createStory } from '../support/story.ts';

interface Forgery extends LeafContent {
  /** Where Claude goes. */
  host: string;
  /** The Claudes that fall for it; none, except where SECURITY.md says so. */
  acceptedBy: readonly string[];
}

const FORGERIES: readonly Forgery[] = [
  // What the constraint permits must pass, or the refusals below prove nothing.
  { host: 'good.test', commonName: 'x', names: ['good.test'], acceptedBy: ['2.1.197', '2.1.330'] },
  { host: 'api.anthropic.com', commonName: 'x', names: ['api.anthropic.com'], acceptedBy: [] },
  { host: 'mixed.example.com', commonName: 'x', names: ['localhost', 'mixed.example.com'], acceptedBy: [] },
  // Its Bun still falls back to the common name when the only alternative name is an e-mail address.
  { host: 'name.example.com', commonName: 'name.example.com', email: 'a@b.test', acceptedBy: ['2.1.197'] },
  // A permitted name: the path length is what refuses it.
  {
    host: 'sub.localhost',
    commonName: 'x',
    names: ['sub.localhost'],
    isBelowOwnAuthority: true,
    acceptedBy: [],
  },
];

describe.each(claudes)('R2: with our issuing key stolen, Claude $version', (claude) => {
  it('still refuses everyone the name constraint does not permit', async () => {
    const story = await createStory(claude);
    await ensureCertificate(story.home.paths, { hostnames: [] });
    const stolen = readFileSync(story.home.paths.authority, 'utf8');
    const servers = new Map<string, ForeignServer>();
    for (const { host, ...content } of FORGERIES) {
      const { key, chain } = signLeaf(stolen, content);
      servers.set(host, await startForeignServer({ key, cert: chain }));
    }
    const proxy = await startProxy(new Map([...servers].map(([host, { port }]) => [host, port])));
    const mcpServers = Object.fromEntries(
      [...servers.keys()].map((host) => [
        host.replaceAll('.', '-'),
        { type: 'http', url: `https://${host}/mcp` },
      ]),
    );
    const config = join(story.home.dir, 'mcp.json');
    writeFileSync(config, JSON.stringify({ mcpServers }));

    const env = {
      NODE_EXTRA_CA_CERTS: story.home.paths.caBundle,
      HTTPS_PROXY: proxy.url,
      NO_PROXY: '127.0.0.1',
    };
    await story.plain([`--mcp-config=${config}`, '-p', 'hi'], { env });

    const reached = [...servers].filter(([, { requests }]) => requests.length > 0).map(([host]) => host);
    expect(proxy.asked, 'each was tried').toEqual(expect.arrayContaining([...servers.keys()]));
    expect(reached).toEqual(
      FORGERIES.filter(({ acceptedBy }) => acceptedBy.includes(claude.version)).map(({ host }) => host),
    );
  });
});
