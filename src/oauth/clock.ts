export interface Clock {
  /** Milliseconds since the epoch; never less than any value it gave before, restarts included (R45). */
  nowMs(): number;
}

/**
 * A wall clock that cannot be set back: where the wall clock falls behind `floorMs` or an earlier answer, time goes
 * on from there at the pace of the monotonic clock, so what has expired stays expired and what was issued since
 * still expires.
 */
export function createClock(wallMs: () => number, floorMs: number): Clock {
  let lastMs = floorMs;
  let lastTick = performance.now();
  return {
    nowMs() {
      const tick = performance.now();
      const wall = wallMs();
      lastMs = wall >= lastMs ? wall : lastMs + (tick - lastTick);
      lastTick = tick;
      return Math.floor(lastMs);
    },
  };
}
