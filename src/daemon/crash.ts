import { readOwnFile, removeFile, writeFileAtomic } from '../files.ts';
import { limits } from '../limits.ts';

interface CrashRecord {
  /** When starts failed, milliseconds since 1970; only those of the last `limits.crashWindowMs`. */
  readonly failedAt: readonly number[];
  /** No start before this time. */
  readonly blockedUntil: number;
  /** The pause after the next failure too many. */
  readonly nextPauseMs: number;
}

const CLEAN: CrashRecord = { failedAt: [], blockedUntil: 0, nextPauseMs: limits.crashWindowMs };

function readRecord(file: string): CrashRecord {
  try {
    const { failedAt, blockedUntil, nextPauseMs } = JSON.parse(readOwnFile(file) ?? '');
    const isWhole = [...failedAt, blockedUntil, nextPauseMs].every(Number.isFinite);
    return isWhole ? { failedAt, blockedUntil, nextPauseMs } : CLEAN;
  } catch {
    return CLEAN;
  }
}

/** Milliseconds until a start may be tried again after too many failed ones; 0 when it may be now. */
export function startPauseMs(file: string, now: number = Date.now()): number {
  const left = readRecord(file).blockedUntil - now;
  // Longer than any pause lasts: the clock was set back since.
  return left > limits.crashBackoffMaxMs ? 0 : Math.max(0, left);
}

/**
 * Notes a failed start. More than `limits.crashesInWindow` within `limits.crashWindowMs` pause all starts for a
 * minute, then two, up to ten: the headers helper of every session would otherwise start one at each reconnect.
 */
export function recordFailedStart(file: string, now: number = Date.now()): void {
  const { failedAt, blockedUntil, nextPauseMs } = readRecord(file);
  const recent = [...failedAt.filter((time) => Math.abs(now - time) < limits.crashWindowMs), now];
  const isTooMany = recent.length > limits.crashesInWindow;
  // A failure right after a pause is one too many at once: nothing has got better.
  const isRelapse = blockedUntil > 0 && now - blockedUntil < limits.crashWindowMs;
  const record: CrashRecord =
    isTooMany || isRelapse
      ? {
          failedAt: [],
          blockedUntil: now + nextPauseMs,
          nextPauseMs: Math.min(2 * nextPauseMs, limits.crashBackoffMaxMs),
        }
      : { failedAt: recent, blockedUntil, nextPauseMs };
  writeFileAtomic(file, JSON.stringify(record));
}

/** A start succeeded, or the owner asks anew: nothing is held against the next one. */
export function clearFailedStarts(file: string): void {
  try {
    removeFile(file);
  } catch {
    // Something else stands there (a directory); it holds no record either.
  }
}
