import { writeSync } from 'node:fs';
import { errnoOf } from '../errors.ts';

const FULL_PIPE_WAIT_MS = 5;
const sleeper = new Int32Array(new SharedArrayBuffer(4));

/** How a write ended: whole, or short because the reader (a pipe's, a closed terminal) is gone, or the disk full. */
export type WriteEnd = 'whole' | 'unread' | 'full';

const ENDS: Readonly<Record<string, WriteEnd>> = {
  EPIPE: 'unread',
  EIO: 'unread',
  ENOSPC: 'full',
  EDQUOT: 'full',
};

/**
 * Writes the text to a descriptor before it returns. Not `process.stdout`: merely touching it makes a pipe
 * non-blocking, also for the claude that takes over this process (measured).
 */
export function writeAll(descriptor: number, text: string): WriteEnd {
  const bytes = Buffer.from(text);
  for (let done = 0; done < bytes.length; ) {
    try {
      done += writeSync(descriptor, bytes, done);
    } catch (error) {
      const errno = errnoOf(error);
      const end = ENDS[errno];
      if (end) return end;
      if (errno !== 'EAGAIN') throw error;
      Atomics.wait(sleeper, 0, 0, FULL_PIPE_WAIT_MS);
    }
  }
  return 'whole';
}
