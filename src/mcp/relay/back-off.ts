import { limits } from '../../limits.ts';

export interface BackOff {
  /** Milliseconds until the next start may be made. */
  remainingMs(): number;
  started(): void;
  /** The peer ended, or did not start. */
  failed(): void;
  /** It is another peer now. */
  reset(): void;
}

/**
 * When a peer that ended may be started again: after 1 s, then twice as long each time, at most a minute (R54). One
 * that was up for `limits.upstreamHealthyMs` begins anew.
 */
export function createBackOff(nowMs: () => number): BackOff {
  let failures = 0;
  let startedMs = 0;
  let readyMs = 0;
  return {
    remainingMs: () => Math.max(0, readyMs - nowMs()),
    started() {
      startedMs = nowMs();
    },
    failed() {
      if (nowMs() - startedMs >= limits.upstreamHealthyMs) failures = 0;
      const waitMs = limits.upstreamBackoffMs * 2 ** failures++;
      readyMs = nowMs() + Math.min(waitMs, limits.upstreamBackoffMaxMs);
    },
    reset() {
      failures = 0;
      readyMs = 0;
    },
  };
}
