import type { UpstreamReport, UpstreamsReport } from '../../control.ts';
import { control } from '../../daemon/control.ts';
import { Failure } from '../../errors.ts';
import { readUpstreams } from '../../upstreams.ts';
import type { Context, RunCommand } from '../context.ts';
import { findRunningDaemon } from '../running-daemon.ts';
import { tableText } from '../table-text.ts';
import { pidText } from '../upstream-text.ts';

const HEADER = ['name', 'sharing', 'state', 'pid', 'restarts', 'calls', 'last error'] as const;

/** What can be said without a daemon. */
function reportFile({ paths }: Context): UpstreamsReport {
  try {
    const upstreams = readUpstreams(paths.upstreams).map(
      ({ name, sharing, enabled }): UpstreamReport => ({
        name,
        sharing,
        state: enabled ? 'stopped' : 'disabled',
        processes: [],
        restarts: 0,
        calls: 0,
        lastError: undefined,
      }),
    );
    return { upstreams, problem: undefined };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return { upstreams: [], problem: error.message };
  }
}

async function report(context: Context): Promise<UpstreamsReport> {
  try {
    return await control(await findRunningDaemon(context), 'upstreams', {});
  } catch (error) {
    if (error instanceof Failure && error.code === 'DAEMON_NOT_RUNNING') return reportFile(context);
    throw error;
  }
}

const rowOf = (upstream: UpstreamReport): string[] => [
  upstream.name,
  upstream.sharing,
  upstream.state,
  pidText(upstream) || '-',
  String(upstream.restarts),
  String(upstream.calls),
  upstream.lastError ?? '-',
];

/**
 * Lists the upstreams, as the daemon sees them or, when none runs, from the file; exit 1 while the file cannot be
 * used. Never shows a variable.
 */
export const upstreamList: RunCommand = async (context, { flags }) => {
  const { upstreams, problem } = await report(context);
  if (flags.has('json')) context.print(`${JSON.stringify({ upstreams, problem })}\n`);
  else if (upstreams.length > 0) context.print(tableText(HEADER, upstreams.map(rowOf)));
  else if (problem === undefined) {
    context.print('no upstream yet; add one with: claude-secure upstream add <name> -- <command…>\n');
  }
  if (problem === undefined) return 0;
  context.warn(problem);
  return 1;
};
