import { writeSync } from 'node:fs';
import { errnoOf } from '../errors.ts';

const FULL_PIPE_WAIT_MS = 5;
const sleeper = new Int32Array(new SharedArrayBuffer(4));

/**
 * Writes the text to a descriptor before it returns. Not `process.stdout`: merely touching it makes a pipe
 * non-blocking, also for the claude that takes over this process (measured). A reader that is gone is no error.
 */
export function writeAll(descriptor: number, text: string): void {
  const bytes = Buffer.from(text);
  for (let done = 0; done < bytes.length; ) {
    try {
      done += writeSync(descriptor, bytes, done);
    } catch (error) {
      const errno = errnoOf(error);
      if (errno === 'EPIPE') return;
      if (errno !== 'EAGAIN') throw error;
      Atomics.wait(sleeper, 0, 0, FULL_PIPE_WAIT_MS);
    }
  }
}
