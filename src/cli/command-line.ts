import { parseArgs } from 'node:util';
import { Failure } from '../errors.ts';
import { COMMANDS, type Command, type CommandName } from './commands.ts';

export type CommandLine =
  | { kind: 'ours'; name: CommandName; words: readonly string[]; flags: ReadonlySet<string> }
  | { kind: 'help-of'; command: Command }
  /** Claude's, untouched; `verbatim` after our one `--`: no flags of ours either. */
  | { kind: 'claude'; argv: readonly string[]; verbatim: boolean };

/** `[revoke <id>]` and the like as a pattern over words that are joined, each behind a NUL. */
function wordPattern(usage: string): RegExp {
  const source = usage
    .replace(/\[-[^\]]*\]/g, '')
    .trim()
    .replace(/<([^>|]+\|[^>]+)>|\[([a-z]+(?:\|[a-z]+)+)\]/g, (_, one, optional) =>
      one ? `\0(?:${one})` : `(?:\0(?:${optional}))?`,
    )
    .replace(/\[([a-z]+)\]/g, '(?:\0[^\0]+)?')
    .replace(/\[([a-z]+) <[a-z]+>\]/g, '(?:\0$1\0[^\0]+)?')
    .replace(/<[a-z]+>/g, '\0[^\0]+');
  return new RegExp(`^${source}$`);
}

function optionName(flag: string): string {
  return flag.replace(/^-+/, '');
}

function usageFailure(command: Command, option: string): Failure {
  const known = command.options.map(({ flag }) => flag).join(', ');
  const takes = known ? `takes ${known}` : 'takes no options';
  return new Failure('USAGE', `claude-secure ${command.name} has no option ${option}; it ${takes}`, {
    hint: `claude-secure ${command.name} ${command.usage}`.trim(),
  });
}

/**
 * Decides whether a command line is ours. Ours win only when the whole line fits their grammar; a line that
 * does not is Claude's. One exception: an option that a command of ours does not have is a usage error (exit 2),
 * unless Claude has a command of that name too.
 */
export function parseCommandLine(argv: readonly string[]): CommandLine {
  const [first, ...rest] = argv;
  if (first === '--') return { kind: 'claude', argv: rest, verbatim: true };
  const command: Command | undefined = COMMANDS.find(({ name }) => name === first);
  const claudes: CommandLine = { kind: 'claude', argv, verbatim: false };
  if (!command) return claudes;

  const flags = command.options.map(({ flag }) => flag);
  const { tokens } = parseArgs({ args: rest, strict: false, tokens: true, allowPositionals: true });
  const words: string[] = [];
  const given = new Set<string>();
  for (const token of tokens) {
    if (token.kind === 'positional') words.push(token.value);
    if (token.kind === 'option-terminator') return claudes;
    if (token.kind !== 'option') continue;
    if (!command.alsoClaude && (token.rawName === '--help' || token.rawName === '-h')) {
      return { kind: 'help-of', command };
    }
    if (!flags.includes(token.rawName) || token.value !== undefined) {
      if (command.alsoClaude) return claudes;
      throw usageFailure(command, token.rawName);
    }
    given.add(optionName(token.rawName));
  }
  const fits = wordPattern(command.usage).test(words.map((word) => `\0${word}`).join(''));
  return fits ? { kind: 'ours', name: command.name as CommandName, words, flags: given } : claudes;
}
