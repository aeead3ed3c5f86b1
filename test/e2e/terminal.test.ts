import { describe, expect, it } from 'vitest';
import { claudes } from '../support/claudes.ts';
import { programCommand, readState } from '../support/program.ts';
import { ALLOW, createStory } from '../support/story.ts';
import { openTerminal } from '../support/terminal.ts';

describe.each(claudes)('the terminal interface, Claude $version', (claude) => {
  it('/mcp shows our server connected, its tool answers, also after the daemon was killed', async () => {
    const story = await createStory(claude);
    const terminal = openTerminal(programCommand([ALLOW]), { env: story.env, cwd: story.project });
    await terminal.shows(/❯/);
    await terminal.enter('/mcp');
    await terminal.shows(/code · ✔ connected|✔ code/);
    await terminal.press('Escape', /^(?!.*Esc to)/s);
    await terminal.enter('what runs?');
    await terminal.shows(/FINAL: .*engine/s);

    process.kill(readState(story.home)!.pid, 'SIGKILL');
    await terminal.enter('and now?');
    await terminal.shows(/and now\?.*FINAL: .*engine/s, 30_000);
    expect(terminal.screen()).not.toContain('failed');
  });
});
