import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { claudes } from '../support/claudes.ts';
import { programCommand } from '../support/program.ts';
import { allow, createStory, type Story } from '../support/story.ts';
import { openTerminal, type Terminal } from '../support/terminal.ts';
import { UPSTREAMS } from '../support/upstreams.ts';

const TOOL = 'mcp__everything__trigger-elicitation-request';
const QUESTION = /everything.{1,3} requests your input/;
const { command, args } = UPSTREAMS.everything;

async function openSession(story: Story, name: string): Promise<Terminal> {
  const temporary = join(String(story.env.TMPDIR), name);
  mkdirSync(temporary);
  const env = { ...story.env, TMPDIR: temporary };
  const terminal = openTerminal(programCommand([allow(TOOL)]), { env, cwd: story.project });
  await terminal.shows(/❯/);
  return terminal;
}

describe.each(claudes)('a server that asks back, Claude $version', (claude) => {
  it('asks the person at the terminal whose call it was, and nobody else, through one shared process', async () => {
    const story = await createStory(claude, { tool: TOOL });
    await story.secure(['upstream', 'add', 'everything', '--', command, ...args]);
    const ada = await openSession(story, 'ada');
    const bob = await openSession(story, 'bob');

    await ada.enter('ask me');
    await ada.shows(QUESTION);
    expect(bob.screen()).not.toMatch(QUESTION);
    await ada.press('Escape', /FINAL: .*"action": "(?:cancel|decline)"/s);

    await bob.enter('now me');
    await bob.shows(QUESTION);
    await bob.press('Escape', /FINAL: .*"action": "(?:cancel|decline)"/s);
    expect(ada.screen()).not.toMatch(QUESTION);
    const { stdout } = await story.secure(['upstream', 'list', '--json']);
    expect(JSON.parse(stdout).upstreams[0].processes).toHaveLength(1);
  });
});
