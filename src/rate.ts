import { limits } from './limits.ts';

const WINDOW_MS = 60_000;
const SECOND_MS = 1_000;

export interface RateLimiter {
  /** Counts one event for the key; returns the seconds to wait (for `Retry-After`) once the minute is used up. */
  take(key: string): number | undefined;
}

/** Counts events per key in fixed windows of one minute on a monotonic clock, so a clock jump opens nothing. */
export function createRateLimiter(
  perMinute: number,
  nowMs: () => number = () => performance.now(),
): RateLimiter {
  const windows = new Map<string, { startedMs: number; count: number }>();

  function current(key: string): { startedMs: number; count: number } {
    const now = nowMs();
    const found = windows.get(key);
    if (found && now - found.startedMs < WINDOW_MS) return found;
    // A flood of keys (addresses) must not become a leak: the whole map starts again.
    if (windows.size >= limits.connections) windows.clear();
    const fresh = { startedMs: now, count: 0 };
    windows.set(key, fresh);
    return fresh;
  }

  return {
    take(key) {
      const window = current(key);
      if (window.count < perMinute) {
        window.count++;
        return undefined;
      }
      return Math.max(1, Math.ceil((window.startedMs + WINDOW_MS - nowMs()) / SECOND_MS));
    },
  };
}
