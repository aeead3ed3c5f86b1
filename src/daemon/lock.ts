import { randomUUID } from 'node:crypto';
import { createFileAtomic, readOwnFile, removeFile } from '../files.ts';
import { limits } from '../limits.ts';
import { processStart } from '../state.ts';

interface LockHolder {
  readonly token: string;
  readonly pid: number;
  readonly procStart: string | undefined;
  /** Milliseconds since 1970. */
  readonly takenAt: number;
}

function parseHolder(text: string): LockHolder | undefined {
  try {
    const { token, pid, procStart, takenAt } = JSON.parse(text);
    return typeof token === 'string' && Number.isSafeInteger(pid) && Number.isFinite(takenAt)
      ? { token, pid, procStart, takenAt }
      : undefined;
  } catch {
    return undefined;
  }
}

/** A holder that is proven dead, or holds longer than a start should take (also by a clock that jumped). */
function isStale({ pid, procStart, takenAt }: LockHolder, now: number): boolean {
  if (Math.abs(now - takenAt) > limits.startLockMs) return true;
  return procStart !== undefined && processStart(pid) !== procStart;
}

/**
 * Takes start.lock and returns its release; undefined while another process holds it. It only spares a stampede of
 * starts, and lets one change of upstreams.json wait for another. That two may hold it at once (both broke the same
 * stale one) is known: the bound port decides which daemon lives, and the later of two changes then wins.
 */
export function takeStartLock(file: string, now: number = Date.now()): (() => void) | undefined {
  const text = readOwnFile(file);
  const holder = text === undefined ? undefined : parseHolder(text);
  if (holder && !isStale(holder, now)) return undefined;
  if (text !== undefined) removeFile(file);

  const token = randomUUID();
  const own: LockHolder = { token, pid: process.pid, procStart: processStart(process.pid), takenAt: now };
  if (!createFileAtomic(file, JSON.stringify(own))) return undefined;
  return () => {
    if (parseHolder(readOwnFile(file) ?? '')?.token === token) removeFile(file);
  };
}
