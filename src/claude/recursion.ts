import { Failure } from '../errors.ts';

/** `<pid>:<launches in a row>`, handed to claude, so that a claude which starts us again is recognised. */
export const HOP_VARIABLE = 'CLAUDE_SECURE_HOP';

/** A shim that does not `exec` puts a shell between us and ourselves: only counting stops that chain. */
const MAX_HOPS = 5;

const isNested = (env: NodeJS.ProcessEnv): boolean =>
  // Claude's Bash tool sets it: claude-secure inside a session is legitimate.
  env.CLAUDECODE === '1';

function readHop(env: NodeJS.ProcessEnv): { pid: number; count: number } | undefined {
  const match = /^(\d+):(\d+)$/.exec(env[HOP_VARIABLE] ?? '');
  return match && !isNested(env) ? { pid: Number(match[1]), count: Number(match[2]) } : undefined;
}

/**
 * Throws `CLAUDE_RECURSION` when the claude that we started is a shim that started us: as our child after a
 * spawn, in our own process after an execve.
 */
export function refuseRecursion(env: NodeJS.ProcessEnv): void {
  const hop = readHop(env);
  if (hop === undefined) return;
  if (hop.pid === process.ppid || hop.pid === process.pid || hop.count >= MAX_HOPS) {
    throw new Failure('CLAUDE_RECURSION', 'the claude that was found starts claude-secure again');
  }
}

/** The value for the claude that we are about to start. */
export function nextHop(env: NodeJS.ProcessEnv): string {
  return `${process.pid}:${(readHop(env)?.count ?? 0) + 1}`;
}
