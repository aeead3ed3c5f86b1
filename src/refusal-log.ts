import { limits } from './limits.ts';
import type { Log, LogFields } from './log.ts';
import { createRateLimiter } from './rate.ts';

/** Writes one line about a request that was refused. */
export type LogRefusal = (event: string, fields: LogFields & { readonly peer: string }) => void;

/**
 * A log for what any account on this host can cause: it takes `limits.refusalLinesPerMinute` lines of each peer.
 * Without that a minute of refused requests would push everything else out of the files (R56; measured, 4,000/s).
 */
export function createRefusalLog(log: Log): LogRefusal {
  const lines = createRateLimiter(limits.refusalLinesPerMinute);
  return (event, fields) => {
    if (lines.take(fields.peer) === undefined) log.info(event, fields);
  };
}
