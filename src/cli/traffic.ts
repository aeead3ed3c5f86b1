import { control } from '../daemon/control.ts';
import { Failure } from '../errors.ts';
import type { Context } from './context.ts';
import { findRunningDaemon } from './running-daemon.ts';
import { trafficText } from './traffic-text.ts';

export interface TrafficOptions {
  readonly server: string;
  readonly follow: boolean;
  readonly bodies: boolean;
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
    if (!known) {
      throw new Failure('NOT_FOUND', `there is no upstream ${server}`, {
        hint: 'claude-secure upstream list',
      });
    }
    if (!context.print(entries.map(trafficText).join(''))) return;
    after = last;
    isMore = more;
  } while (follow || isMore);
}
