import { basename, isAbsolute, resolve } from 'node:path';
import type { ClaudeServer } from '../../claude/mcp-servers.ts';
import { isObject, type JsonObject } from '../../json-object.ts';
import { nameProblem, type UpstreamDefinition } from '../../upstreams.ts';
import { commandText } from './command-text.ts';

/** What a server of Claude's would be behind our endpoint, or why it cannot be there. */
export type Verdict = { readonly definition: UpstreamDefinition } | { readonly refusal: string };

export interface JudgeOptions {
  readonly cwd: string;
  /** The daemon's. */
  readonly port: number | undefined;
  readonly taken: readonly UpstreamDefinition[];
}

const isText = (value: unknown): value is string => typeof value === 'string' && !value.includes('\0');
const isWords = (value: unknown): value is string[] => Array.isArray(value) && value.every(isText);
const isVariables = (value: unknown): value is Record<string, string> =>
  isObject(value) && Object.entries(value).every(([name, text]) => /^[^=\0]+$/.test(name) && isText(text));

function isOurUrl(url: unknown, port: number | undefined): boolean {
  const text = typeof url === 'string' ? url : '';
  return ['127.0.0.1', 'localhost'].some((host) => text.startsWith(`https://${host}:${port}/mcp`));
}

const startsUs = (words: readonly string[]): boolean =>
  words.some((word) => /^claude-secure(\.js|\.cmd)?$/.test(basename(word)));

/** The directory that Claude starts it in: what belongs to a project is found there. */
function locate(definition: UpstreamDefinition, { scope }: ClaudeServer, cwd: string): UpstreamDefinition {
  if (scope === 'user') return definition;
  const { command } = definition;
  const isRelative = /[\\/]/.test(command) && !isAbsolute(command) && !command.startsWith('${');
  return { ...definition, cwd, command: isRelative ? resolve(cwd, command) : command };
}

function judgeName(definition: UpstreamDefinition, taken: JudgeOptions['taken']): string | undefined {
  const { name } = definition;
  const problem = nameProblem(name);
  if (problem)
    return `${problem}; give it another: claude-secure upstream add <name> -- ${commandText(definition)}`;
  if (taken.every((other) => other.name !== name)) return undefined;
  return `there is such an upstream; to replace it, first: claude-secure upstream remove ${name}`;
}

function readEntry(
  name: string,
  { command, args = [], env = {} }: JsonObject,
): UpstreamDefinition | undefined {
  if (!isText(command) || command.trim() === '' || !isWords(args) || !isVariables(env)) return undefined;
  return { name, command, args, env, envFile: undefined, cwd: undefined, sharing: 'shared', enabled: true };
}

/** Judges one server; `${VAR}` stays as it is written. */
export function judgeServer(server: ClaudeServer, { cwd, port, taken }: JudgeOptions): Verdict {
  const entry = isObject(server.entry) ? server.entry : {};
  const { type = 'stdio', url, command } = entry;
  if (type !== 'stdio' || (url !== undefined && command === undefined)) {
    const ours = isOurUrl(url, port);
    return {
      refusal: ours ? 'it is claude-secure itself' : 'it is remote, and Claude connects to it directly',
    };
  }
  const read = readEntry(server.name, entry);
  if (!read) return { refusal: 'its command, args or env is not what Claude takes' };
  if (startsUs([read.command, ...read.args])) return { refusal: 'it is claude-secure itself' };
  const refusal = judgeName(read, taken);
  return refusal === undefined ? { definition: locate(read, server, cwd) } : { refusal };
}
