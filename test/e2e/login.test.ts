import { describe, expect, it } from 'vitest';
import { claudes } from '../support/claudes.ts';
import { readStatus } from '../support/control.ts';
import { startDaemon } from '../support/program.ts';
import { createStory } from '../support/story.ts';
import { runOnTerminal } from '../support/terminal.ts';

const TRANSPORTS = [
  { transport: 'http', path: '/mcp' },
  { transport: 'sse', path: '/mcp/sse' },
];

describe.each(claudes)('plain Claude $version with only NODE_EXTRA_CA_CERTS', (claude) => {
  it.each(TRANSPORTS)(
    '`mcp add`, `mcp login`, `mcp list` connect over $transport',
    async ({ transport, path }) => {
      const story = await createStory(claude);
      const daemon = await startDaemon(story.home);
      const env = { ...story.env, NODE_EXTRA_CA_CERTS: story.home.paths.caBundle };
      const added = await story.plain(['mcp', 'add', '--transport', transport, 'mine', daemon.url + path], {
        env,
      });
      expect(added.status).toBe(0);
      expect((await story.plain(['mcp', 'list'], { env })).stdout).toMatch(/mine: .*Needs authentication/);
      expect((await readStatus(story.home)).clients, 'that asked is no access').toBe(0);

      const login = await runOnTerminal([claude.file, 'mcp', 'login', 'mine'], { env, cwd: story.project });
      expect(login.status, login.stdout).toBe(0);

      const list = await story.plain(['mcp', 'list'], { env });
      expect(list.stdout).toMatch(/mine: .*✔ Connected/);
      const clients = await story.secure(['clients']);
      expect(clients.stdout).toContain('Claude Code');
      expect((await readStatus(story.home)).clients).toBe(1);
    },
  );
});
