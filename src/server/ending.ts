import type { Log } from '../log.ts';

export interface Ending {
  /** Resolves with the reason once everything was closed. */
  readonly ended: Promise<string>;
  /** Begins the end; later calls change nothing. */
  stop(reason: string): void;
}

/** Runs the steps of a shutdown once, in order; a step that fails is logged and the others still run. */
export function createEnding(log: Log, steps: readonly (() => unknown)[]): Ending {
  let finish: (reason: string) => void;
  let begun = false;
  const ended = new Promise<string>((resolve) => {
    finish = resolve;
  });

  async function run(reason: string): Promise<void> {
    log.info('daemon.stopping', { reason });
    for (const step of steps) {
      try {
        await step();
      } catch (error) {
        log.error('daemon.stop-failed', { error: String(error) });
      }
    }
    log.info('daemon.stopped', { reason });
    finish(reason);
  }

  return {
    ended,
    stop(reason) {
      if (begun) return;
      begun = true;
      // Not at once: the request that asked for it is being answered, and its answer still has to leave.
      setImmediate(() => void run(reason));
    },
  };
}
