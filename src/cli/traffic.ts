import { control } from '../daemon/control.ts';
import { Failure } from '../errors.ts';
import { readUpstreams } from '../upstreams.ts';
import type { Context } from './context.ts';
import { findRunningDaemon } from './running-daemon.ts';
import { trafficText } from './traffic-text.ts';
import { findUpstream } from './upstream/find.ts';

export interface TrafficOptions {
  readonly server: string;
  readonly follow: boolean;
  readonly bodies: boolean;
}

/** Why the daemon does not know that server. */
function whyUnknown({ paths }: Context, server: string): Failure {
  const { name, enabled } = findUpstream(readUpstreams(paths.upstreams), server);
  if (enabled) return new Failure('NOT_FOUND', `${name} is not served yet`, { hint: 'try again' });
  return new Failure('NOT_FOUND', `${name} is disabled`, { hint: `claude-secure upstream enable ${name}` });
}

/**
 * Prints the messages between clients and one upstream that the daemon keeps; with `follow` also those that come,
 * until nobody reads (Ctrl-C ends the process: nothing is left to do then). Throws `NOT_FOUND`.
 */
export async function printTraffic(context: Context, options: TrafficOptions): Promise<void> {
  const { server, follow, bodies } = options;
  const daemon = await findRunningDaemon(context);
  let after = -1;
  let isMore = false;
  do {
    const { known, entries, last, more } = await control(daemon, 'traffic', { server, after, bodies });
    if (!known) throw whyUnknown(context, server);
    if (!context.print(entries.map(trafficText).join(''))) return;
    if (after < 0 && entries.length === 0 && !follow) context.warn(`no message of ${server} yet`);
    after = last;
    isMore = more;
  } while (follow || isMore);
}
