import { constants } from 'node:os';
import { errnoOf, Failure } from '../errors.ts';
import { spawnForeground } from '../spawn.ts';
import { replaceProcess } from './replace-process.ts';
import type { RunOptions } from './run-options.ts';

/** Not TSTP, WINCH and CHLD: the terminal sends them to the whole group, and Claude stops the group itself. */
const FORWARDED = ['SIGINT', 'SIGQUIT', 'SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGUSR2', 'SIGCONT'] as const;

/** Ends us by the signal that ended claude, so that a waiting shell sees the same; else gives its number. */
function dieBy(signal: NodeJS.Signals): number {
  // Node answers SIGUSR1 by opening its debugger, and ignores SIGPIPE and SIGXFSZ.
  if (!['SIGUSR1', 'SIGPIPE', 'SIGXFSZ'].includes(signal)) process.kill(process.pid, signal);
  return 128 + constants.signals[signal];
}

/** Catches the signals; on Windows only Ctrl-C, which the console sends to claude by itself. Returns the undoing. */
function catchSignals(forward: (signal: NodeJS.Signals) => void): () => void {
  const isWindows = process.platform === 'win32';
  const caught = isWindows ? (['SIGINT'] as const) : FORWARDED;
  const handler = isWindows ? () => {} : forward;
  for (const signal of caught) process.on(signal, handler);
  return () => {
    for (const signal of caught) process.off(signal, handler);
  };
}

function spawnAndForward({ program, args, env }: RunOptions): Promise<number> {
  return new Promise((resolve, reject) => {
    const release = catchSignals((signal) => child.kill(signal));
    const child = spawnForeground(program.file, [...program.args, ...args], env);
    child.once('error', (error) => {
      release();
      reject(error);
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
  try {
    return await spawnAndForward(options);
  } catch (error) {
    const errno = errnoOf(error);
    const code = errno === 'ENOENT' ? 'CLAUDE_NOT_FOUND' : 'CLAUDE_NOT_EXECUTABLE';
    throw new Failure(code, `cannot run ${options.program.file} (${errno || String(error)})`, {
      cause: error,
    });
  }
}
