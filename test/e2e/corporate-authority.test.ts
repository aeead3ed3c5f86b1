import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createAuthority } from '../support/authority.ts';
import { claudes } from '../support/claudes.ts';
import { startForeignServer } from '../support/mcp-server.ts';
import { ALLOW, createStory } from '../support/story.ts';

interface StreamEvent {
  type: string;
  subtype?: string;
  result?: string;
  mcp_servers?: { name: string; status: string }[];
}

const STREAM = ['-p', 'what runs?', '--output-format=stream-json', '--verbose'];

describe.each(claudes)("a company's CA in settings.json, Claude $version", (claude) => {
  it("R58: Claude reaches the company's server and ours, and the settings stay untouched", async () => {
    const story = await createStory(claude);
    const company = createAuthority(story.home.dir, 'company');
    const server = await startForeignServer(company.issue('IP:127.0.0.1'));
    const url = `https://127.0.0.1:${server.port}/mcp`;
    await story.plain(['mcp', 'add', '-s', 'user', '--transport', 'http', 'company', url]);
    const settingsFile = join(story.home.dir, '.claude', 'settings.json');
    const settings = JSON.stringify({ env: { NODE_EXTRA_CA_CERTS: company.caFile } });
    mkdirSync(join(story.home.dir, '.claude'), { recursive: true });
    writeFileSync(settingsFile, settings);

    const { stdout } = await story.secure([ALLOW, ...STREAM]);

    const events = stdout
      .trimEnd()
      .split('\n')
      .map((line): StreamEvent => JSON.parse(line));
    const servers = events.find(({ subtype }) => subtype === 'init')?.mcp_servers;
    expect(servers).toContainEqual(expect.objectContaining({ name: 'company', status: 'connected' }));
    expect(servers).toContainEqual(expect.objectContaining({ name: 'code', status: 'connected' }));
    expect(events.at(-1)?.result).toMatch(/^FINAL: .*"engine"/s);
    expect(readFileSync(settingsFile, 'utf8')).toBe(settings);
  });
});
