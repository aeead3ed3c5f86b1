export interface IdleWatch {
  /** Something happened: the countdown starts again. */
  touch(): void;
  /**
   * Milliseconds left; undefined while a connection is open, beside `own` ones of whoever asks, or when the
   * daemon never ends by itself.
   */
  remainingMs(own?: number): number | undefined;
}

/**
 * Counts down while no client holds a connection. Requests alone would not do: a quiet Claude keeps one GET
 * stream open for hours and would start the daemon again at once.
 */
export function watchIdle(idleMs: number, connections: () => number): IdleWatch {
  let lastBusyMs = performance.now();
  return {
    touch() {
      lastBusyMs = performance.now();
    },
    remainingMs(own = 0) {
      const isBusy = connections() > own;
      if (isBusy) lastBusyMs = performance.now();
      if (idleMs === 0 || isBusy) return undefined;
      return Math.max(0, lastBusyMs + idleMs - performance.now());
    },
  };
}
