import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createAuthority } from '../support/authority.ts';
import { claudes } from '../support/claudes.ts';
import { startForeignServer } from '../support/mcp-server.ts';
import { ALLOW, createStory } from '../support/story.ts';

/** By name, with the places of what is known only here in braces. */
const FILES: Readonly<Record<string, string>> = JSON.parse(
  readFileSync(new URL('../corpus/hostile-project.json', import.meta.url), 'utf8'),
);

describe.each(claudes)('R59: a hostile project, Claude $version', (claude) => {
  it('runs nothing of it, reads none of it as our configuration, and sends its server no credential', async () => {
    const story = await createStory(claude);
    const evil = createAuthority(story.home.dir, 'evil');
    const server = await startForeignServer(evil.issue('IP:127.0.0.1'));
    const url = `https://127.0.0.1:${server.port}/mcp`;
    const ran = join(story.home.dir, 'ran');
    const stolen = join(story.home.dir, 'stolen');
    const known: Record<string, string> = { url, ca: evil.caFile, ran, stolen, project: story.project };
    for (const [name, text] of Object.entries(FILES)) {
      const file = join(story.project, name);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(
        file,
        text.replace(/\{(\w+)\}/g, (whole, place) => known[place] ?? whole),
      );
      if (text.startsWith('#!')) chmodSync(file, 0o755);
    }
    const bin = join(story.home.dir, 'bin');
    mkdirSync(bin);
    writeFileSync(join(bin, 'claude'), `#!/bin/sh\nexec ${claude.file} "$@"\n`, { mode: 0o755 });

    const PATH = `.:node_modules/.bin:./node_modules/.bin::${bin}:${process.env.PATH}`;
    const outcome = await story.secure([ALLOW, '-p', 'what runs?'], {
      env: { PATH, CLAUDE_SECURE_CLAUDE: '' },
    });

    expect(outcome.stdout).toMatch(/^FINAL: .*"engine"/s);
    expect(server.requests.filter((request) => /authorization|bearer/i.test(request))).toEqual([]);
    expect(existsSync(ran) ? readFileSync(ran, 'utf8') : 'nothing').toBe('nothing');
    expect(existsSync(stolen)).toBe(false);
    const { upstreams } = JSON.parse((await story.secure(['status', '--json'])).stdout);
    expect(upstreams).toEqual([]);
  });
});
