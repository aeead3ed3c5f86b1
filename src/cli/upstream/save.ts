import { control } from '../../daemon/control.ts';
import { takeStartLock } from '../../daemon/lock.ts';
import { Failure } from '../../errors.ts';
import { limits } from '../../limits.ts';
import { pollUntil } from '../../poll.ts';
import { ensureRootDirectory } from '../../root-directory.ts';
import { readUpstreams, type UpstreamDefinition, writeUpstreams } from '../../upstreams.ts';
import type { Context } from '../context.ts';
import { findRunningDaemon } from '../running-daemon.ts';

/** What shall stand in the file instead; the same again leaves it alone. */
type UpstreamsChange = (definitions: readonly UpstreamDefinition[]) => readonly UpstreamDefinition[];

/**
 * Has a running daemon read the file now, and warns of what is wrong with it: the daemon looks by itself too, but the
 * person who changed it should not have to wait.
 */
export async function tellDaemon(context: Context): Promise<void> {
  try {
    const { problem } = await control(await findRunningDaemon(context), 'upstreams', {});
    if (problem !== undefined) context.warn(problem);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    if (error.code === 'DAEMON_NOT_RUNNING') return;
    context.warn(`the daemon has not read upstreams.json anew: ${error.message}`);
  }
}

/**
 * Reads the file, changes it and writes it, one command after the other, and has a running daemon read it at once; one
 * that cannot costs a warning, for the file is what counts. Throws what `change` and file writing throw.
 */
export async function changeUpstreams(context: Context, change: UpstreamsChange): Promise<void> {
  const { startLock, upstreams } = context.paths;
  ensureRootDirectory(context.paths);
  // Its holder is stale before this is over.
  const release = await pollUntil(2 * limits.startLockMs, () => takeStartLock(startLock));
  try {
    const definitions = readUpstreams(upstreams);
    const changed = change(definitions);
    if (changed === definitions) return;
    writeUpstreams(upstreams, changed);
  } finally {
    release?.();
  }
  await tellDaemon(context);
}
