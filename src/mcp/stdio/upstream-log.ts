import { limits } from '../../limits.ts';
import type { Log } from '../../log.ts';
import { createRateLimiter } from '../../rate.ts';
import { createTally } from './tally.ts';

/** What the processes of one upstream leave in the log, all of them together. */
export interface UpstreamLog {
  /** A line of stderr; past `limits.upstreamStderrLinesPerMinute` they are only counted. */
  stderr(line: string): void;
  /** A line of stdout that is no message: only counted, since it may be a spoilt one with anybody's data in it. */
  noise(): void;
  /** A notification or a request that was dropped. */
  flood(): void;
  /** Writes down what was only counted so far. */
  flush(): void;
}

export function createUpstreamLog(upstream: string, log: Log): UpstreamLog {
  const stderrLines = createRateLimiter(limits.upstreamStderrLinesPerMinute);
  const leftOut = createTally((count) => log.info('upstream.stderr.left-out', { upstream, count }));
  const noise = createTally((count) => log.info('upstream.noise', { upstream, count }));
  const dropped = createTally((count) => log.info('upstream.flood.dropped', { upstream, count }));
  return {
    stderr(line) {
      if (stderrLines.take(upstream) === undefined) log.info('upstream.stderr', { upstream, line });
      else leftOut.add();
    },
    noise: noise.add,
    flood: dropped.add,
    flush() {
      for (const tally of [leftOut, noise, dropped]) tally.flush();
    },
  };
}
