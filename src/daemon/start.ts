import { closeSync } from 'node:fs';
import type { Config } from '../config.ts';
import { Failure } from '../errors.ts';
import { ensurePrivateDirectory, openForAppend } from '../files.ts';
import type { Health } from '../health.ts';
import { limits } from '../limits.ts';
import type { Paths } from '../paths.ts';
import { pollUntil } from '../poll.ts';
import { spawnDetached } from '../spawn.ts';
import { recordFailedStart } from './crash.ts';
import { daemonEnvironment } from './daemon-environment.ts';
import { findDaemon } from './find.ts';
import { readLastLines } from './follow-log.ts';
import { portTaken } from './port-taken.ts';

const SHOWN_LINES = 20;
/** How the command line begins whatever a person should see. */
const WARNING = /^claude-secure: (.*)/;
const EXIT_RUNNING = new Failure('DAEMON_RUNNING', '').exit;
const EXIT_PORT_TAKEN = new Failure('PORT_TAKEN', '').exit;

export interface StartOptions {
  paths: Paths;
  config: Config;
  env: NodeJS.ProcessEnv;
  roots: string;
  /** The program whose `serve` is the daemon. */
  entry: string;
}

export interface Started {
  readonly port: number;
  readonly health: Health;
  /** What the daemon warned of while it started, a line each. */
  readonly notices: readonly string[];
}

function ownDirectory(): string {
  try {
    return process.cwd();
  } catch {
    // It was removed under us.
    return '';
  }
}

/** Starts `serve` in a session of its own; `exited` is its exit status (or -1 for a signal) once it has ended. */
function spawnServe({ paths, env, entry }: StartOptions): { exited(): number | undefined; release(): void } {
  ensurePrivateDirectory(paths.root);
  ensurePrivateDirectory(paths.logs);
  const { descriptor: logDescriptor } = openForAppend(paths.bootLog, { truncate: true });
  const startedBy = { label: 'claude-secure', cwd: ownDirectory(), pid: process.pid };
  const child = spawnDetached(process.execPath, [entry, 'serve'], {
    env: daemonEnvironment(env, paths, startedBy),
    cwd: paths.root,
    logDescriptor,
  });
  closeSync(logDescriptor);
  let status: number | undefined;
  child.once('exit', (code) => {
    status = code ?? -1;
  });
  child.once('error', () => {
    status = -1;
  });
  return { exited: () => status, release: () => child.unref() };
}

const readNotices = ({ bootLog }: Paths): string[] =>
  readLastLines(bootLog, SHOWN_LINES).flatMap((line) => WARNING.exec(line)?.[1] ?? []);

function startFailed(paths: Paths, what: string): Failure {
  const boot = readLastLines(paths.bootLog, SHOWN_LINES);
  const lines = boot.length > 0 ? boot : readLastLines(paths.daemonLog, SHOWN_LINES);
  return new Failure('DAEMON_START_FAILED', [`${what}; see ${paths.bootLog}`, ...lines].join('\n'));
}

/**
 * Starts the daemon and waits until it answers over verified TLS, at most `limits.startMs`. Of several that were
 * started at once the one that got the port counts, whoever started it. Throws `PORT_TAKEN` with the holder,
 * `DAEMON_START_FAILED` with the last lines it wrote as soon as it ended, and `DAEMON_UNHEALTHY` when it lives
 * but does not answer in time.
 */
export async function startDaemon(options: StartOptions): Promise<Started> {
  const { paths, config } = options;
  const child = spawnServe(options);
  try {
    const started = await pollUntil(limits.startMs, async () => {
      // Asked before the probe: an end that another daemon caused must not hide that other daemon.
      const status = child.exited();
      const found = await findDaemon(options);
      if (found.state === 'ours') {
        return { port: found.port, health: found.health, notices: readNotices(paths) };
      }
      if (status === undefined || status === EXIT_RUNNING) return undefined;
      // Perhaps the winner of a race, not yet well: the loser could not know either.
      if (status === EXIT_PORT_TAKEN && found.state === 'unhealthy') return undefined;
      if (status === EXIT_PORT_TAKEN) throw portTaken(paths, config);
      recordFailedStart(paths.crash);
      throw startFailed(paths, `the daemon ended with ${status === -1 ? 'a signal' : `status ${status}`}`);
    });
    if (started) return started;
    throw new Failure(
      'DAEMON_UNHEALTHY',
      `the daemon did not answer within ${limits.startMs / 1_000} s; see ${paths.daemonLog}`,
    );
  } finally {
    child.release();
  }
}
