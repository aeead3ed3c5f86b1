import { control } from '../../daemon/control.ts';
import { Failure } from '../../errors.ts';
import { ensureRootDirectory } from '../../root-directory.ts';
import { type UpstreamDefinition, writeUpstreams } from '../../upstreams.ts';
import type { Context } from '../context.ts';
import { findRunningDaemon } from '../running-daemon.ts';

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
 * Writes the file and has a running daemon read it at once; one that cannot costs a warning, for the file is what
 * counts. Throws what file writing throws.
 */
export async function saveUpstreams(
  context: Context,
  definitions: readonly UpstreamDefinition[],
): Promise<void> {
  ensureRootDirectory(context.paths);
  writeUpstreams(context.paths.upstreams, definitions);
  await tellDaemon(context);
}
