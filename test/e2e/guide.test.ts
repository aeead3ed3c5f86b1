import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { claudes } from '../support/claudes.ts';
import { startDaemon } from '../support/program.ts';
import { run } from '../support/run.ts';
import { createStory } from '../support/story.ts';
import { openTerminal } from '../support/terminal.ts';
import { waitFor } from '../support/wait-for.ts';

/** The guide's step 2 (Linux directory). */
const COPY = `
mkdir -p ~/.ssl
cp ~/.config/claude-secure/certs/server.pem ~/.ssl/claude-secure-ca.pem
`;
/** The guide's step 4. */
const START = 'NODE_EXTRA_CA_CERTS=~/.ssl/claude-secure-ca.pem claude';

describe.each(claudes)('the HTTPS guide word for word, Claude $version', (claude) => {
  it('steps 1 to 5: serve, copy, .mcp.json, start, /mcp shows it connected', async () => {
    const story = await createStory(claude);
    const daemon = await startDaemon(story.home);
    const told = await waitFor('the address to be told', () =>
      daemon.running.output.stdout.includes(daemon.url) ? daemon.running.output.stdout : undefined,
    );
    expect(told).toContain(story.home.paths.certificates);
    expect(told).toMatch(/([0-9A-F]{2}:){31}[0-9A-F]{2}/);

    const copy = await run(['sh', '-ec', COPY], { env: story.env, cwd: story.project });
    expect(copy, copy.stderr).toMatchObject({ status: 0 });
    expect(readFileSync(join(story.home.dir, '.ssl/claude-secure-ca.pem'), 'utf8')).not.toContain('PRIVATE');
    const server = { type: 'sse', url: `${daemon.url}/mcp/sse` };
    writeFileSync(join(story.project, '.mcp.json'), JSON.stringify({ mcpServers: { 'code-https': server } }));

    const command = START.replace(/claude$/, claude.file);
    const terminal = openTerminal(['sh', '-c', command], { env: story.env, cwd: story.project });
    await terminal.shows(/New MCP server found/);
    await terminal.choose('Use this MCP server');
    await terminal.enter('/mcp');
    await terminal.shows(/code-https.*needs (authentication|sign-in)/);
    await terminal.press('Enter', /Authenticate/);
    await terminal.choose('Authenticate');
    await terminal.shows(/Authentication successful|connected/i);
    await terminal.enter('/mcp');
    await terminal.shows(/code-https · ✔ connected|✔ code-https/);
  });
});
