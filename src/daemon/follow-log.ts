import { closeSync, constants, fstatSync, openSync, readSync, statSync, watch } from 'node:fs';
import { dirname } from 'node:path';
import { escapeUnprintable } from '../log.ts';

const READ_BYTES = 65_536;
/** Holds far more than anyone asks for: a line of the log is some hundred bytes. */
const TAIL_BYTES = 1_048_576;
/** Some file systems (network, containers) never notify. */
const POLL_MS = 250;
const NO_FOLLOW = constants.O_NOFOLLOW ?? 0;

function openLog(file: string): number | undefined {
  try {
    return openSync(file, constants.O_RDONLY | NO_FOLLOW);
  } catch {
    return undefined;
  }
}

function readFrom(descriptor: number, offset: number, maxBytes: number): Buffer {
  const buffer = Buffer.alloc(maxBytes);
  return buffer.subarray(0, readSync(descriptor, buffer, 0, maxBytes, offset));
}

/** The last `count` whole lines and the offset behind them. */
function readTail(descriptor: number, count: number): { lines: string[]; offset: number } {
  const { size } = fstatSync(descriptor);
  const from = Math.max(0, size - TAIL_BYTES);
  const tail = readFrom(descriptor, from, Math.min(size, TAIL_BYTES));
  const end = tail.lastIndexOf('\n') + 1;
  const lines = tail.subarray(0, end).toString().split('\n').slice(0, -1);
  // Unless the reading began at the start, its first line is only the end of one.
  const whole = from > 0 ? lines.slice(1) : lines;
  return { lines: count > 0 ? whole.slice(-count).map(escapeUnprintable) : [], offset: from + end };
}

/** The last `count` lines as printable ASCII (R56); none if there is no file. */
export function readLastLines(file: string, count: number): string[] {
  const descriptor = openLog(file);
  if (descriptor === undefined) return [];
  try {
    return readTail(descriptor, count).lines;
  } finally {
    closeSync(descriptor);
  }
}

/** Reads what was appended since the last call, line by line. */
function createLineReader(descriptor: number, offset: number): { read(): string[]; inode: number } {
  let position = offset;
  let rest = Buffer.alloc(0);
  return {
    inode: fstatSync(descriptor).ino,
    read() {
      const lines: string[] = [];
      if (fstatSync(descriptor).size < position) position = 0;
      for (;;) {
        const bytes = readFrom(descriptor, position, READ_BYTES);
        if (bytes.length === 0) return lines;
        position += bytes.length;
        rest = Buffer.concat([rest, bytes]);
        const end = rest.lastIndexOf('\n') + 1;
        if (end > 0)
          lines.push(
            ...rest
              .subarray(0, end - 1)
              .toString()
              .split('\n')
              .map(escapeUnprintable),
          );
        rest = rest.subarray(end);
      }
    },
  };
}

/** Resolves at the next change in the log's directory, at the latest after `POLL_MS`, or on abort. */
function nextChange(file: string, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      watcher?.close();
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, POLL_MS);
    let watcher: ReturnType<typeof watch> | undefined;
    try {
      watcher = watch(dirname(file), done).on('error', () => undefined);
    } catch {
      // No directory yet, or no watches left: the timer alone does it.
    }
    signal.addEventListener('abort', done);
  });
}

/**
 * The last `lines` lines, then every new one, as printable ASCII (R56), across rotation: a file that was
 * renamed is read to its end before the new one. Ends on abort.
 */
export async function* followLog(
  file: string,
  { lines, signal }: { lines: number; signal: AbortSignal },
): AsyncGenerator<string, void> {
  let descriptor = openLog(file);
  let reader: ReturnType<typeof createLineReader> | undefined;
  try {
    if (descriptor !== undefined) {
      const tail = readTail(descriptor, lines);
      yield* tail.lines;
      reader = createLineReader(descriptor, tail.offset);
    }
    while (!signal.aborted) {
      // Before reading: lines written between the two then belong to the file that is still open.
      const inode = statSync(file, { throwIfNoEntry: false })?.ino;
      const fresh = reader?.read() ?? [];
      yield* fresh;
      if (fresh.length > 0) continue;
      if (inode !== undefined && inode !== reader?.inode) {
        if (descriptor !== undefined) closeSync(descriptor);
        descriptor = openLog(file);
        reader = descriptor === undefined ? undefined : createLineReader(descriptor, 0);
        continue;
      }
      await nextChange(file, signal);
    }
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}
