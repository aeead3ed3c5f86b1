import { limits } from '../../limits.ts';

export interface RecentGrants {
  note(grantId: string): void;
  /** Whether any other grant was noted within `limits.upstreamLateMs`. */
  hasOthers(grantId: string): boolean;
}

/** Whose calls a server may still be at work on after they have ended: what it says late may be meant for them. */
export function createRecentGrants(nowMs: () => number): RecentGrants {
  const notedMs = new Map<string, number>();
  return {
    note: (grantId) => notedMs.set(grantId, nowMs()),
    hasOthers(grantId) {
      const before = nowMs() - limits.upstreamLateMs;
      for (const [each, ms] of notedMs) if (ms < before) notedMs.delete(each);
      return notedMs.size > (notedMs.has(grantId) ? 1 : 0);
    },
  };
}
