import { readRoots } from '../certificate/roots.ts';
import { stopDaemon } from '../daemon/stop.ts';
import { Failure } from '../errors.ts';
import type { Context, RunCommand } from './context.ts';

/** Ends the daemon and waits until it is gone; true if there was one. */
export async function stopRunning({ paths }: Context): Promise<boolean> {
  const roots = readRoots(paths);
  return roots !== undefined && (await stopDaemon({ paths, roots })) === 'stopped';
}

export const stop: RunCommand = async (context) => {
  if (!(await stopRunning(context))) throw new Failure('DAEMON_NOT_RUNNING', 'the daemon is not running');
  context.print('stopped\n');
  return 0;
};
