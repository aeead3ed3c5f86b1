import { accessSync, constants } from 'node:fs';
import type { RunOptions } from './run-options.ts';

/** Not in the typings of Node 20, which lacks it. */
interface ReplaceableProcess {
  execve?(file: string, args: readonly string[], env: NodeJS.ProcessEnv): never;
}

/** execve itself aborts node with a core dump on failure (measured, 24.21); env(1) ends with 126 or 127. */
const ENV = '/usr/bin/env';

function canReplace(file: string): boolean {
  // env(1) takes a name with an equals sign for a variable.
  if (process.platform === 'win32' || file.includes('=')) return false;
  try {
    accessSync(ENV, constants.X_OK);
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * Becomes the program where that is possible (Node >= 22.15, not on Windows), in this very process; otherwise
 * returns, having changed nothing.
 */
export function replaceProcess({ program, args, env }: RunOptions): void {
  const { execve } = process as ReplaceableProcess;
  if (!execve || !canReplace(program.file)) return;
  // Node ignores these two, and what is ignored stays ignored in the new program; what is caught does not.
  process.on('SIGPIPE', () => {});
  process.on('SIGXFSZ', () => {});
  execve(ENV, [ENV, program.file, ...program.args, ...args], env);
}
