import type { Log } from '../log.ts';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Resolves with the first signal to end; the same one again ends the process at once, as the system does. */
export function nextSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    for (const signal of SIGNALS) process.once(signal, resolve);
  });
}

/**
 * An exception that nobody caught leaves things half done, so the daemon ends in order, and whoever needs it
 * starts a fresh one. During the start Node's own way is right: the trace on stderr, which the launcher shows.
 */
export function watchFaults(stop: (reason: string) => void, log: Log): { readonly happened: boolean } {
  const fault = { happened: false };
  process.on('uncaughtException', (error) => {
    log.error('daemon.uncaught', { error: String(error instanceof Error ? error.stack : error) });
    fault.happened = true;
    stop('an uncaught exception');
  });
  return fault;
}
