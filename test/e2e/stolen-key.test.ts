import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ensureCertificate } from '../../src/certificate/ensure.ts';
import { type Authority, type Credentials, stealAuthority } from '../support/authority.ts';
import { claudes } from '../support/claudes.ts';
import { type ForeignServer, startForeignServer } from '../support/mcp-server.ts';
import { startProxy } from '../support/proxy.ts';
import { createStory } from '../support/story.ts';

interface Forgery {
  host: string;
  /** The Claudes that fall for it; none, except where SECURITY.md says so. */
  acceptedBy: readonly string[];
  forge(stolen: Authority, host: string): Credentials;
}

const FORGERIES: readonly Forgery[] = [
  {
    // The positive control: what the constraint permits must pass, or the refusals below prove nothing.
    host: 'good.test',
    acceptedBy: ['2.1.197', '2.1.330'],
    forge: (stolen, host) => stolen.issue({ label: host, names: `DNS:${host}` }),
  },
  {
    host: 'api.anthropic.com',
    acceptedBy: [],
    forge: (stolen, host) => stolen.issue({ label: host, names: `DNS:${host}` }),
  },
  {
    host: 'mixed.example.com',
    acceptedBy: [],
    forge: (stolen, host) => stolen.issue({ label: host, names: `DNS:localhost,DNS:${host}` }),
  },
  {
    // Its Bun still falls back to the common name when the only alternative name is an e-mail address.
    host: 'common-name.example.com',
    acceptedBy: ['2.1.197'],
    forge: (stolen, host) => stolen.issue({ label: host, names: 'email:a@b.test', commonName: host }),
  },
  {
    host: 'sub-authority.test',
    acceptedBy: [],
    forge: (stolen, host) => stolen.issueAuthority().issue({ label: host, names: `DNS:${host}` }),
  },
];

describe.each(claudes)('R2: with our issuing key stolen, Claude $version', (claude) => {
  it('still refuses everyone the name constraint does not permit', async () => {
    const story = await createStory(claude);
    await ensureCertificate(story.home.paths, { hostnames: [] });
    const stolen = stealAuthority(story.home.dir, story.home.paths.authority);
    const servers = new Map<string, ForeignServer>();
    for (const { host, forge } of FORGERIES) servers.set(host, await startForeignServer(forge(stolen, host)));
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
