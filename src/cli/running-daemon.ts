import { readRoots } from '../certificate/roots.ts';
import type { ControlTarget } from '../daemon/control.ts';
import { findDaemon } from '../daemon/find.ts';
import { Failure } from '../errors.ts';
import type { Health } from '../health.ts';
import type { Context } from './context.ts';

export interface RunningDaemon extends ControlTarget {
  readonly health: Health;
}

const UNHEALTHY = {
  blocked: (port: number) => `this process may not connect to port ${port} (a sandbox?)`,
  foreign: (port: number, reason: string) =>
    `port ${port} is answered by something else than our daemon (${reason})`,
  unhealthy: (port: number, reason: string) => `the daemon on port ${port} does not work (${reason})`,
} as const;

/**
 * The daemon that runs now, proven by TLS under our own root; starts nothing. Throws `DAEMON_NOT_RUNNING`, `DAEMON_UNHEALTHY`
 * when something else answers in its place, `CERTIFICATE_UNUSABLE` when our root cannot be read.
 */
export async function findRunningDaemon({ paths }: Pick<Context, 'paths'>): Promise<RunningDaemon> {
  const roots = readRoots(paths);
  const notRunning = new Failure('DAEMON_NOT_RUNNING', 'the daemon is not running');
  if (roots === undefined) throw notRunning;
  const found = await findDaemon({ paths, roots });
  if (found.state === 'ours') {
    return { port: found.port, roots, ownerSecretFile: paths.ownerSecret, health: found.health };
  }
  if (found.state === 'absent') throw notRunning;
  throw new Failure('DAEMON_UNHEALTHY', UNHEALTHY[found.state](found.port, found.reason));
}
