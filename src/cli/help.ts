import { SETTINGS } from '../config.ts';
import { COMMANDS, type Command } from './commands.ts';
import type { RunCommand } from './context.ts';

function rows(lines: readonly (readonly [string, string])[]): string {
  const width = Math.max(0, ...lines.map(([left]) => left.length));
  return lines.map(([left, right]) => `  ${left.padEnd(width)}  ${right}\n`).join('');
}

const usageOf = ({ name, usage }: Command): string => `claude-secure ${name} ${usage}`.trimEnd();

/** Our half of `--help`, made from the command table and the settings table. */
export function helpText(): string {
  const shown = (COMMANDS as readonly Command[]).filter((command) => !command.hidden);
  const commands = rows([
    ['claude-secure [anything claude takes]', 'Claude Code with our HTTPS MCP server'],
    ...shown.map((command) => [usageOf(command), command.summary] as const),
    ['claude-secure -- <anything>', 'straight to claude, whatever it says'],
  ]);
  const settings = SETTINGS.map(
    ({ variable, type, meaning }) => `  ${variable}: ${type}\n      ${meaning}\n`,
  ).join('');
  return `Claude Code with a trusted, signed-in local HTTPS MCP server

Usage:
${commands}
The options of a command: claude-secure <command> --help

Environment:
${settings}
Exit status: Claude's own; 125, 126 or 127 if Claude could not be started.
`;
}

/** What `claude-secure <command> --help` prints. */
export function commandHelp(command: Command): string {
  const options = rows(
    command.options.map(({ flag, value, summary }) => [value ? `${flag} ${value.name}` : flag, summary]),
  );
  return `${usageOf(command)}\n\n  ${command.summary}\n${options && `\nOptions:\n${options}`}`;
}

/** Prints our help alone; `--help` goes on with Claude's. */
export const help: RunCommand = async (context) => {
  context.print(helpText());
  return 0;
};
