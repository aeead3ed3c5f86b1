import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { Failure } from '../../errors.ts';
import { readOwnFile } from '../../files.ts';
import { findProgram } from '../../find-program.ts';
import { nameProblem, readUpstreams, type Sharing, type UpstreamDefinition } from '../../upstreams.ts';
import type { Context, Invocation, RunCommand } from '../context.ts';
import { commandText } from './command-text.ts';
import { changeUpstreams } from './save.ts';

/** What a reference stands for is known only when the server starts. */
const isReference = (text: string): boolean => text.includes('${');

function refuseName(name: string, definitions: readonly UpstreamDefinition[]): void {
  const problem = nameProblem(name);
  if (problem) throw new Failure('USAGE', problem, { hint: 'choose another name' });
  if (definitions.every((definition) => definition.name !== name)) return;
  throw new Failure('USAGE', `there is an upstream ${name} already`, {
    hint: `choose another name, or first: claude-secure upstream remove ${name}`,
  });
}

function refuseMissingProgram(command: string, { env, cwd }: Context): void {
  if (isReference(command) || findProgram(command, env)) return;
  const here = resolve(cwd, command);
  throw new Failure('NOT_FOUND', `there is no program ${command} that can be run`, {
    hint: findProgram(here, env)
      ? `give its absolute path: ${here}`
      : 'install it, give its absolute path, or correct the PATH',
  });
}

function parseVariables(assignments: readonly string[]): Record<string, string> {
  const entries = assignments.map((assignment): [string, string] => {
    const at = assignment.indexOf('=');
    // What was given is not said: it may be a secret.
    if (at < 1) throw new Failure('USAGE', '--env takes NAME=value', { hint: 'for example --env DEBUG=1' });
    return [assignment.slice(0, at), assignment.slice(at + 1)];
  });
  return Object.fromEntries(entries);
}

/** The path of an option, absolute: the daemon has another current directory. */
function readPath(option: string, { values }: Invocation, { cwd }: Context): string | undefined {
  const given = values.get(option)?.at(-1);
  if (given === undefined) return undefined;
  if (option === 'cwd' && given.startsWith('${')) return given;
  const path = resolve(cwd, given);
  if (existsSync(path)) return path;
  throw new Failure('NOT_FOUND', `there is no ${path}`, { hint: `correct --${option}` });
}

/** Throws `FILE_UNSAFE` for a file that the daemon would refuse each time the server starts. */
function readEnvFile(invocation: Invocation, context: Context): string | undefined {
  const path = readPath('env-file', invocation, context);
  if (path !== undefined) readOwnFile(path);
  return path;
}

function readSharing({ flags }: Invocation): Sharing {
  const chosen = (['per-workspace', 'per-session'] as const).filter((flag) => flags.has(flag));
  if (chosen.length < 2) return chosen[0] ?? 'shared';
  throw new Failure('USAGE', '--per-workspace and --per-session exclude each other', { hint: 'choose one' });
}

/** Puts a stdio server behind the endpoint; Claude gets it at its next start. */
export const upstreamAdd: RunCommand = async (context, invocation) => {
  const { words, values, behind } = invocation;
  const [name = ''] = words;
  const [command = '', ...args] = behind;
  refuseName(name, readUpstreams(context.paths.upstreams));
  refuseMissingProgram(command, context);
  const added: UpstreamDefinition = {
    name,
    command,
    args,
    env: parseVariables(values.get('env') ?? []),
    envFile: readEnvFile(invocation, context),
    cwd: readPath('cwd', invocation, context),
    sharing: readSharing(invocation),
    enabled: true,
  };
  await changeUpstreams(context, (definitions) => {
    // Another command may have added it a moment ago.
    refuseName(name, definitions);
    return [...definitions, added];
  });
  context.print(
    `added ${name} (${commandText(added)}): its tools are mcp__${name}__… in new sessions of Claude\n`,
  );
  return 0;
};
