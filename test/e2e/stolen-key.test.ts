import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ensureCertificate } from '../../src/certificate/ensure.ts';
import { claudes } from '../support/claudes.ts';
import { serveForgeries } from '../support/forged-leaves.ts';
import { createStory } from '../support/story.ts';

describe.each(claudes)('R2: with our issuing key stolen, Claude $version', (claude) => {
  it('still refuses everyone the name constraint does not permit', async () => {
    const story = await createStory(claude);
    await ensureCertificate(story.home.paths, { hostnames: [] });
    const forgeries = await serveForgeries(story.home);
    const mcpServers = Object.fromEntries(
      forgeries.hosts.map((host) => [
        host.replaceAll('.', '-'),
        { type: 'http', url: `https://${host}/mcp` },
      ]),
    );
    const config = join(story.home.dir, 'mcp.json');
    writeFileSync(config, JSON.stringify({ mcpServers }));

    const env = {
      NODE_EXTRA_CA_CERTS: story.home.paths.caBundle,
      HTTPS_PROXY: forgeries.proxyUrl,
      NO_PROXY: '127.0.0.1',
    };
    await story.plain([`--mcp-config=${config}`, '-p', 'hi'], { env });

    expect(forgeries.tried(), 'each was tried').toEqual(expect.arrayContaining([...forgeries.hosts]));
    expect(forgeries.reached()).toEqual(forgeries.expectedOf(claude.version));
  });
});
