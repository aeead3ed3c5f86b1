import { describe, expect, it } from 'vitest';
import { COMMANDS, type Command } from '../../src/cli/commands.ts';
import { commandHelp, helpText } from '../../src/cli/help.ts';
import { SETTINGS } from '../../src/config.ts';

const commands: readonly Command[] = COMMANDS;

describe('help', () => {
  it.each(commands.filter(({ hidden }) => !hidden))('shows `$name` with its usage and meaning', (command) => {
    const line = helpText()
      .split('\n')
      .find((text) => text.includes(`claude-secure ${command.name} ${command.usage}`.trimEnd()));
    expect(line).toContain(command.summary);
  });

  it.each(SETTINGS.map(({ variable, meaning }) => [variable, meaning]))('shows %s', (variable, meaning) => {
    const lines = helpText().split('\n');
    const place = lines.findIndex((text) => text.startsWith(`  ${variable}: `));
    expect(lines[place + 1]?.trim()).toBe(meaning);
  });

  it('does not show what only Claude Code calls', () => {
    expect(helpText()).not.toContain('headers');
  });

  it('of one command shows its options', () => {
    const status = commands.find(({ name }) => name === 'status') as Command;
    expect(commandHelp(status)).toBe(
      'claude-secure status [--json]\n\n' +
        '  what runs, since when, certificate, port, sessions, upstreams\n\n' +
        'Options:\n  --json  machine-readable output\n',
    );
  });
});
