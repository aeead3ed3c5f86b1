/** The only place that starts processes. Never through a shell, always an argv array. */
import { type ChildProcess, type ChildProcessWithoutNullStreams, spawn, spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
/** cross-spawn does something on Windows only, and loading it takes a launch 10 ms of CPU (measured). */
const startProcess =
  process.platform === 'win32' ? (require('cross-spawn') as typeof import('cross-spawn')) : spawn;

/** Starts a program on our own terminal, in our own process group. */
export function spawnForeground(file: string, args: readonly string[], env: NodeJS.ProcessEnv): ChildProcess {
  return startProcess(file, [...args], { stdio: 'inherit', env });
}

export interface DetachedOptions {
  env: NodeJS.ProcessEnv;
  cwd: string;
  /** Takes stdout and stderr. */
  logDescriptor: number;
}

/** Starts a program in a session of its own that outlives us; the caller may watch it until it calls `unref`. */
export function spawnDetached(file: string, args: readonly string[], options: DetachedOptions): ChildProcess {
  return startProcess(file, [...args], {
    cwd: options.cwd,
    env: options.env,
    detached: true,
    windowsHide: true,
    stdio: ['ignore', options.logDescriptor, options.logDescriptor],
  });
}

export interface PipedOptions {
  env: NodeJS.ProcessEnv;
  cwd: string;
}

/**
 * Starts a program that we talk with through its stdin, stdout and stderr, as the leader of a process group of its
 * own where there are such groups.
 */
export function spawnPiped(
  file: string,
  args: readonly string[],
  { env, cwd }: PipedOptions,
): ChildProcessWithoutNullStreams {
  return startProcess(file, [...args], {
    cwd,
    env,
    // On Windows this would open a console window.
    detached: process.platform !== 'win32',
    windowsHide: true,
    stdio: 'pipe',
  }) as ChildProcessWithoutNullStreams;
}

/** stdout of a short-lived program; undefined when it fails, is missing, or takes longer than `timeoutMs`. */
export function execFileText(
  file: string,
  args: readonly string[],
  { timeoutMs = 2_000, env }: { timeoutMs?: number; env?: NodeJS.ProcessEnv } = {},
): string | undefined {
  const result = spawnSync(file, [...args], {
    encoding: 'utf8',
    timeout: timeoutMs,
    stdio: ['ignore', 'pipe', 'ignore'],
    windowsHide: true,
    ...(env && { env }),
  });
  return result.status === 0 ? result.stdout : undefined;
}
