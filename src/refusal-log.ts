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
  // Another account of this host has the sixteen million addresses of 127.0.0.0/8.
  const linesInAll = createRateLimiter(limits.refusalLinesPerMinuteInAll);
  return (event, fields) => {
    const isLogged = lines.take(fields.peer) === undefined && linesInAll.take('') === undefined;
    if (isLogged) log.info(event, fields);
  };
}
