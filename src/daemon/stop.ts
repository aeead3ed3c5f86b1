import { Failure } from '../errors.ts';
import { removeFile } from '../files.ts';
import { limits } from '../limits.ts';
import { pollUntil } from '../poll.ts';
import { bootId, processStart } from '../state.ts';
import { control } from './control.ts';
import { clearFailedStarts } from './crash.ts';
import { type FindOptions, findDaemon, type RunningDaemon, readState } from './find.ts';
import { describeHolder } from './holder.ts';
import { probeDaemon } from './probe.ts';

interface ProvenProcess {
  readonly pid: number;
  isGone(): boolean;
}

/**
 * The process behind a daemon that answered under our own root: its pid from that answer, and the start time
 * and boot that state.json noted under the same instance must fit the process that has this pid here. A pid
 * alone may be another's: reused, or counted in a container's own namespace.
 */
function proveProcess({ health }: RunningDaemon, { paths }: FindOptions): ProvenProcess | undefined {
  const { pid, instanceId } = health;
  const stated = readState(paths);
  const procStart = processStart(pid);
  const isProven =
    stated?.instanceId === instanceId &&
    stated.pid === pid &&
    stated.procStart === procStart &&
    stated.bootId === bootId() &&
    procStart !== undefined;
  return isProven ? { pid, isGone: () => processStart(pid) !== procStart } : undefined;
}

function sendSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has just ended.
  }
}

const waitUntil = async (timeoutMs: number, isDone: () => boolean | Promise<boolean>): Promise<boolean> =>
  (await pollUntil(timeoutMs, async () => ((await isDone()) ? true : undefined))) === true;

/** Waits for the process to end by itself, then insists. */
async function awaitEnd(proven: ProvenProcess): Promise<boolean> {
  if (await waitUntil(limits.drainMs, proven.isGone)) return true;
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    sendSignal(proven.pid, signal);
    if (await waitUntil(limits.drainMs, proven.isGone)) return true;
  }
  return false;
}

async function endDaemon(found: RunningDaemon, options: FindOptions): Promise<void> {
  const { port, health } = found;
  const { paths, roots } = options;
  const proven = proveProcess(found, options);
  const target = { port, roots, ownerSecretFile: paths.ownerSecret };
  await control(target, 'shutdown', { instanceId: health.instanceId, onlyIfIdle: false });
  // Its end is enough where it can be seen: somebody else may have taken the port, and answers there (R7).
  const isSilent = await waitUntil(
    2 * limits.drainMs,
    async () => proven?.isGone() || (await probeDaemon({ port, roots })).state === 'absent',
  );
  const isGone = proven ? await awaitEnd(proven) : isSilent;
  if (!isGone) {
    throw new Failure('DAEMON_STOP_FAILED', `the daemon (pid ${health.pid}, port ${port}) does not end`);
  }
  // Whatever ended it by force left its state behind.
  if (proven && readState(paths)?.instanceId === health.instanceId) removeFile(paths.state);
}

/**
 * Ends the daemon and returns only when it is gone: asked over the control plane first; a signal only to a
 * process proven to be it (R11). Waits out a daemon that is just starting. Also forgets failed starts: an owner
 * who stops or restarts asks anew. Throws `DAEMON_UNHEALTHY` when something else, or nothing we can prove,
 * holds the port, `DAEMON_STOP_FAILED` when it does not end.
 */
export async function stopDaemon(options: FindOptions): Promise<'stopped' | 'not-running'> {
  clearFailedStarts(options.paths.crash);
  let found = await findDaemon(options);
  await pollUntil(limits.startMs, async () => {
    if (found.state !== 'unhealthy') return true;
    found = await findDaemon(options);
    return undefined;
  });
  if (found.state === 'absent') return 'not-running';
  if (found.state === 'ours') {
    await endDaemon(found, options);
    return 'stopped';
  }
  const holder = describeHolder(found.port) ?? 'another program';
  throw new Failure(
    'DAEMON_UNHEALTHY',
    `port ${found.port} (${holder}) is not proven ours (${found.reason})`,
    {
      hint: 'end that program yourself if it should go',
    },
  );
}
