import { accessSync, constants } from 'node:fs';
import { constants as system } from 'node:os';
import { errnoOf, Failure } from '../errors.ts';
import { spawnForeground } from '../spawn.ts';
import type { Program } from './inspect-program.ts';

export interface RunOptions {
  readonly program: Program;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
}

/** Not in the typings of Node 20, which lacks it. */
interface ReplaceableProcess {
  execve?(file: string, args: readonly string[], env: NodeJS.ProcessEnv): never;
}

/** execve itself aborts node with a core dump on failure (measured, 24.21); env(1) ends with 126 or 127. */
const ENV = '/usr/bin/env';

/** Not TSTP, WINCH and CHLD: the terminal sends them to the whole group, and Claude stops the group itself. */
const FORWARDED = ['SIGINT', 'SIGQUIT', 'SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGUSR2', 'SIGCONT'] as const;

function canExecute(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Becomes the program, where Node can (>= 22.15, not on Windows); returns where it cannot. */
function replaceProcess({ program, args, env }: RunOptions): void {
  const { execve } = process as ReplaceableProcess;
  // env(1) takes a name with an equals sign for a variable.
  if (!execve || process.platform === 'win32' || program.file.includes('=') || !canExecute(ENV)) return;
  // Node ignores these two, and what is ignored stays ignored in the new program; what is caught does not.
  process.on('SIGPIPE', () => {});
  process.on('SIGXFSZ', () => {});
  execve(ENV, [ENV, program.file, ...program.args, ...args], env);
}

/** Ends us by the signal that ended claude, so that a waiting shell sees the same; else gives its number. */
function dieBy(signal: NodeJS.Signals): number {
  // Node answers SIGUSR1 by opening its debugger, and ignores SIGPIPE and SIGXFSZ.
  if (!['SIGUSR1', 'SIGPIPE', 'SIGXFSZ'].includes(signal)) process.kill(process.pid, signal);
  return 128 + system.signals[signal];
}

function spawnFailure(file: string, error: unknown): Failure {
  const errno = errnoOf(error);
  const code = errno === 'ENOENT' ? 'CLAUDE_NOT_FOUND' : 'CLAUDE_NOT_EXECUTABLE';
  return new Failure(code, `cannot run ${file} (${errno || String(error)})`, { cause: error });
}

function spawnAndForward({ program, args, env }: RunOptions): Promise<number> {
  return new Promise((resolve, reject) => {
    const forward = (signal: NodeJS.Signals): void => {
      child.kill(signal);
    };
    // Windows has no signals: the console sends Ctrl-C to both, and claude decides what it means.
    const handlers =
      process.platform === 'win32'
        ? ([['SIGINT', () => {}]] as const)
        : FORWARDED.map((signal) => [signal, forward] as const);
    for (const [signal, handler] of handlers) process.on(signal, handler);
    const release = (): void => {
      for (const [signal, handler] of handlers) process.off(signal, handler);
    };
    const child = spawnForeground(program.file, [...program.args, ...args], env);
    child.once('error', (error) => {
      release();
      reject(spawnFailure(program.file, error));
    });
    child.once('exit', (code, signal) => {
      release();
      resolve(signal === null ? (code ?? 1) : dieBy(signal));
    });
  });
}

/**
 * Runs claude on our terminal, in our process group, and returns its exit status; dies of the signal that it
 * died of. Where it can it becomes claude instead: standard streams must be untouched until then, since even
 * `process.stderr` makes a pipe non-blocking for claude too (measured: flags 04001). Throws
 * `CLAUDE_NOT_FOUND` or `CLAUDE_NOT_EXECUTABLE` when the program does not start.
 */
export async function runClaude(options: RunOptions): Promise<number> {
  replaceProcess(options);
  return spawnAndForward(options);
}
