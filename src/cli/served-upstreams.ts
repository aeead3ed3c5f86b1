import type { UpstreamReport } from '../control.ts';
import { type ControlTarget, control } from '../daemon/control.ts';
import { Failure } from '../errors.ts';
import { readUpstreams } from '../upstreams.ts';
import type { Context } from './context.ts';

/** What the daemon has behind it, whatever became of the file since it read it. */
async function askDaemon(target: ControlTarget): Promise<readonly UpstreamReport[]> {
  return (await control(target, 'upstreams', {})).upstreams;
}

/**
 * The names of the servers that Claude gets beside our own. A file that cannot be used costs one line, and the
 * daemon's last good one counts; never the launch.
 */
export async function enabledUpstreams(context: Context, target: ControlTarget): Promise<readonly string[]> {
  try {
    return readUpstreams(context.paths.upstreams)
      .filter(({ enabled }) => enabled)
      .map(({ name }) => name);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    context.warn(`${error.message}; ${error.hint}`);
  }
  try {
    const reports = await askDaemon(target);
    return reports.filter(({ state }) => state !== 'disabled').map(({ name }) => name);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    context.warn(`${error.message}; Claude starts without the servers of upstreams.json`);
    return [];
  }
}

/** Whether there is such a server, disabled or not; where the file cannot be used the daemon knows. */
export async function isUpstream(context: Context, target: ControlTarget, name: string): Promise<boolean> {
  try {
    return readUpstreams(context.paths.upstreams).some((upstream) => upstream.name === name);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return (await askDaemon(target)).some((upstream) => upstream.name === name);
  }
}
