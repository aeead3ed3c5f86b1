import { parseArgs } from 'node:util';
import { Failure } from '../errors.ts';
import { COMMANDS, type Command, type CommandName } from './commands.ts';
import type { Invocation } from './context.ts';

export type CommandLine =
  | ({ kind: 'ours'; name: CommandName } & Invocation)
  | { kind: 'help-of'; commands: readonly Command[] }
  /** Claude's, untouched; `verbatim` after our one `--`: no flags of ours either. */
  | { kind: 'claude'; argv: readonly string[]; verbatim: boolean };

const TABLE: readonly Command[] = COMMANDS;

/** `[revoke <id>]` and the like as a pattern over words that are joined, each behind a NUL. */
function wordPattern(usage: string): RegExp {
  const source = usage
    .replace(/\[-[^\]]*\]|\[options\]/g, '')
    .trim()
    .replace(/<([^>|]+\|[^>]+)>|\[([a-z]+(?:\|[a-z]+)+)\]/g, (_, one, optional) =>
      one ? `\0(?:${one})` : `(?:\0(?:${optional}))?`,
    )
    .replace(/\[([a-z]+)\]/g, '(?:\0[^\0]+)?')
    .replace(/\[([a-z]+) <[a-z]+>\]/g, '(?:\0$1\0[^\0]+)?')
    .replace(/<[a-z]+>/g, '\0[^\0]+')
    .replace(/-- <[a-z]+…>/, '\0--\0[^\0]+(?:\0[^\0]*)*')
    .replaceAll(' ', '');
  return new RegExp(`^${source}$`);
}

function optionName(flag: string): string {
  return flag.replace(/^-+/, '');
}

interface Found {
  readonly command: Command;
  /** What follows its name. */
  readonly rest: readonly string[];
  /** Two words of ours in front: nobody begins a prompt so. */
  readonly isCertain: boolean;
}

function findCommand([first, second, ...others]: readonly string[]): Found | undefined {
  if (first === undefined) return undefined;
  const certain = TABLE.find(({ name }) => name === `${first} ${second}`);
  if (certain) return { command: certain, rest: others, isCertain: true };
  const command = TABLE.find(({ name, short }) => name === first || short === first);
  const rest = second === undefined ? [] : [second, ...others];
  return command && { command, rest, isCertain: false };
}

const usageHint = ({ name, usage }: Command): { hint: string } => ({
  hint: `claude-secure ${name} ${usage}`.trim(),
});

function optionFailure(command: Command, option: string): Failure {
  const { name, options } = command;
  if (options.some(({ flag, value }) => flag === option && value)) {
    return new Failure('USAGE', `${option} of claude-secure ${name} needs a value`, usageHint(command));
  }
  const known = options.map(({ flag }) => flag).join(', ');
  const takes = known ? `takes ${known}` : 'takes no options';
  const what = `claude-secure ${name} has no option ${option}; it ${takes}`;
  return new Failure('USAGE', what, usageHint(command));
}

interface ReadLine extends Invocation {
  /** All words and the `--`, each behind a NUL. */
  readonly line: string;
}

/** The words and options of the command; `help`, or a failure, at the first option that is not one of its own. */
function readLine(command: Command, args: readonly string[]): ReadLine | 'help' | Failure {
  const withValue = command.options.filter(({ value }) => value);
  const options = Object.fromEntries(
    withValue.map(({ flag }) => [optionName(flag), { type: 'string', multiple: true } as const]),
  );
  const config = { options, strict: false, tokens: true, allowPositionals: true } as const;
  const words: string[] = [];
  const flags = new Set<string>();
  const values = new Map<string, string[]>();
  let behind: readonly string[] = [];
  let line = '';
  for (const token of parseArgs({ args: [...args], ...config }).tokens) {
    if (token.kind !== 'option') line += `\0${token.kind === 'positional' ? token.value : '--'}`;
    if (token.kind === 'option-terminator') behind = args.slice(token.index + 1);
    if (token.kind === 'positional' && behind.length === 0) words.push(token.value);
    if (token.kind !== 'option') continue;
    const { rawName, value } = token;
    if (rawName === '--help' || rawName === '-h') return 'help';
    const option = command.options.find(({ flag }) => flag === rawName);
    if (!option || (value === undefined) !== (option.value === undefined))
      return optionFailure(command, rawName);
    const name = optionName(rawName);
    if (value === undefined) flags.add(name);
    else values.set(name, [...(values.get(name) ?? []), value]);
  }
  return { words, flags, values, behind, line };
}

/** All commands that begin with the one word which means this one too. */
const groupOf = ({ short }: Command): Command[] => TABLE.filter(({ name }) => name.startsWith(`${short} `));

/**
 * Decides whether a command line is ours. Ours win only when the whole line fits their grammar; a line that
 * does not is Claude's. Two exceptions are usage errors (exit 2): an option that a command of ours does not have,
 * unless Claude has a command of that name too, and whatever else does not fit behind two words of ours.
 */
export function parseCommandLine(argv: readonly string[]): CommandLine {
  if (argv[0] === '--') return { kind: 'claude', argv: argv.slice(1), verbatim: true };
  const claudes: CommandLine = { kind: 'claude', argv, verbatim: false };
  const found = findCommand(argv);
  if (!found) return claudes;
  const { command, rest, isCertain } = found;
  const read = readLine(command, rest);
  if (command.alsoClaude && (read === 'help' || read instanceof Failure)) return claudes;
  if (read instanceof Failure) throw read;
  if (read === 'help') {
    return { kind: 'help-of', commands: command.short && !isCertain ? groupOf(command) : [command] };
  }
  const { line, ...invocation } = read;
  if (wordPattern(command.usage).test(line)) {
    return { kind: 'ours', name: command.name as CommandName, ...invocation };
  }
  if (!isCertain) return claudes;
  throw new Failure('USAGE', `claude-secure ${command.name} takes other words`, usageHint(command));
}
