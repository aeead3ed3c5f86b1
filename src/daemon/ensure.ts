import { Failure } from '../errors.ts';
import { API_LEVEL, type Health } from '../health.ts';
import { limits } from '../limits.ts';
import { pollUntil } from '../poll.ts';
import { control } from './control.ts';
import { clearFailedStarts, startPauseMs } from './crash.ts';
import { type FoundDaemon, findDaemon, type RunningDaemon } from './find.ts';
import { describeHolder } from './holder.ts';
import { takeStartLock } from './lock.ts';
import { candidatePorts, readStoredPort } from './port.ts';
import { portTaken } from './port-taken.ts';
import { probeDaemon } from './probe.ts';
import { type StartOptions, startDaemon } from './start.ts';
import { isOlder } from './version-order.ts';

export interface EnsureOptions extends StartOptions {
  /** The launcher's own version. */
  version: string;
}

export interface EnsuredDaemon {
  readonly port: number;
  readonly health: Health;
  /** True if this call started it. */
  readonly started: boolean;
  /** Lines that the person should see. */
  readonly notices: readonly string[];
}

/** Why a daemon that runs is not the one this launcher would start; undefined if it is. */
function replaceReason(
  { health, port }: RunningDaemon,
  { version, config }: EnsureOptions,
): string | undefined {
  if (isOlder(health.version, version)) return `is of version ${health.version}`;
  if (config.port && config.port !== port) return `listens on ${port}, not ${config.port}`;
  return undefined;
}

/** Ends a daemon that nobody uses; false if somebody does. */
async function retireIdle({ health, port }: RunningDaemon, options: EnsureOptions): Promise<boolean> {
  const { paths, roots } = options;
  const target = { port, roots, ownerSecretFile: paths.ownerSecret };
  const request = { instanceId: health.instanceId, onlyIfIdle: true };
  if (!(await control(target, 'shutdown', request)).stopping) return false;
  await pollUntil(2 * limits.drainMs, async () =>
    (await probeDaemon({ port, roots })).state === 'absent' ? true : undefined,
  );
  return true;
}

/** Uses what runs, or undefined after it was retired for a newer one. */
async function useRunning(found: RunningDaemon, options: EnsureOptions): Promise<EnsuredDaemon | undefined> {
  const { port, health } = found;
  const reason = replaceReason(found, options);
  if (reason === undefined) return { port, health, started: false, notices: [] };
  if (await retireIdle(found, options)) return undefined;
  if (health.apiLevel < API_LEVEL) {
    throw new Failure('DAEMON_UNHEALTHY', `the daemon ${reason}, too old to work with, and is in use`);
  }
  return {
    port,
    health,
    started: false,
    notices: [`the daemon ${reason} and is in use; it stays until nobody uses it, or: claude-secure restart`],
  };
}

function whyNot(found: FoundDaemon, options: EnsureOptions): Failure {
  const { port } = found;
  const holder = describeHolder(port) ?? 'another program';
  if (found.state === 'blocked') {
    return new Failure(
      'DAEMON_UNHEALTHY',
      `this process may not connect to 127.0.0.1:${port} (${found.reason})`,
      { hint: 'allow connections to 127.0.0.1 in the sandbox it runs in' },
    );
  }
  if (found.state === 'foreign') {
    const failure = portTaken(options.paths, { port: options.config.port || port });
    if (found.reason !== 'expired') return failure;
    // Perhaps our own daemon, after a clock jump: nothing proves it, so nothing may be sent to it.
    return new Failure('PORT_TAKEN', `${failure.message}, whose certificate has expired`, {
      hint: 'correct the clock, or end that process and try again',
    });
  }
  return new Failure('DAEMON_UNHEALTHY', `port ${port} is held by ${holder}, which does not answer`, {
    hint: 'end that process, or set CLAUDE_SECURE_PORT to another port',
  });
}

/** What stands on the one port that a start would have to take, if it has to take one. */
async function findOnOwnPort(options: EnsureOptions): Promise<FoundDaemon> {
  const [port, ...others] = candidatePorts(options.config.port, readStoredPort(options.paths));
  // A first start looks for a free port itself.
  if (others.length > 0 || port === 0) return { state: 'absent', reason: 'never started', port };
  return { ...(await probeDaemon({ port, roots: options.roots })), port };
}

async function startUnderLock(options: EnsureOptions): Promise<EnsuredDaemon | undefined> {
  const release = takeStartLock(options.paths.startLock);
  if (!release) return undefined;
  try {
    // The one who held the lock before may have been successful.
    const found = await findDaemon(options);
    if (found.state === 'ours' && replaceReason(found, options) === undefined) {
      return { port: found.port, health: found.health, started: false, notices: [] };
    }
    const onPort = await findOnOwnPort(options);
    if (onPort.state === 'foreign' || onPort.state === 'blocked') throw whyNot(onPort, options);
    const started = await startDaemon(options);
    clearFailedStarts(options.paths.crash);
    return { ...started, started: true };
  } finally {
    release();
  }
}

/**
 * Finds the daemon or starts it, and returns once it answered over TLS under our own root.
 *
 * 1. Find it: state.json and the kept port say where, TLS under `roots` and the instance id say who (R9).
 * 2. Ours and as new as we are: done. Older, or on another port than `CLAUDE_SECURE_PORT` asks for: ended if
 *    nobody uses it, else used with a notice. A newer one is used as it is.
 * 3. A sandbox that forbids connecting cannot be cured by a start.
 * 4. Starting, hanging, or giving way to another instance: look again until `limits.startMs` is over.
 * 5. Too many starts failed: no further one before the pause is over (crash.ts).
 * 6. Take start.lock, so that of many launchers one starts; without it look again, it breaks when it is stale.
 * 7. A stranger on our port: `PORT_TAKEN` with its name. Else start `serve` and wait until it is healthy.
 *
 * Throws `PORT_TAKEN`, `DAEMON_START_FAILED`, `DAEMON_UNHEALTHY`, `DAEMON_REFUSED`, `FILE_UNSAFE`.
 */
export async function ensureDaemon(options: EnsureOptions): Promise<EnsuredDaemon> {
  const { paths } = options;
  let last: FoundDaemon | undefined;
  const ensured = await pollUntil(limits.startMs, async () => {
    last = await findDaemon(options);
    if (last.state === 'ours') {
      const running = await useRunning(last, options);
      if (running) return running;
    } else if (last.state === 'blocked') {
      throw whyNot(last, options);
    } else if (last.state === 'unhealthy') {
      return undefined;
    }
    const pauseMs = startPauseMs(paths.crash);
    if (pauseMs > 0) {
      throw new Failure(
        'DAEMON_START_FAILED',
        `the daemon failed to start again and again; the next try is in ${Math.ceil(pauseMs / 1_000)} s`,
        { hint: `read ${paths.bootLog}, then: claude-secure restart` },
      );
    }
    return startUnderLock(options);
  });
  if (ensured) return ensured;
  throw last && last.state !== 'absent'
    ? whyNot(last, options)
    : new Failure('DAEMON_UNHEALTHY', `the daemon did not answer within ${limits.startMs / 1_000} s`);
}
