const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const EMPTY = Buffer.alloc(0);

export interface LineReaderOptions {
  readonly maxBytes: number;
  /** Takes a line without its end (LF or CRLF). The bytes are its own only until it returns. */
  readonly onLine: (line: Buffer) => void;
  /** Called once for a line that grows past `maxBytes`, with its beginning; the rest of it is dropped. */
  readonly onLongLine: (beginning: Buffer) => void;
}

export interface LineReader {
  write(chunk: Buffer): void;
  /** Gives out what came after the last line end. */
  end(): void;
}

/**
 * Cuts a stream of bytes into lines, wherever its chunks end. Holds at most `maxBytes` of an unfinished line, in one
 * buffer: a list of chunks would cost 100 bytes for each byte of a program that writes them singly.
 */
export function createLineReader({ maxBytes, onLine, onLongLine }: LineReaderOptions): LineReader {
  let held = EMPTY;
  let length = 0;
  let isSkipping = false;

  function hold(part: Buffer): void {
    if (length + part.length > held.length) {
      const grown = Buffer.allocUnsafe(Math.min(maxBytes, Math.max(2 * held.length, length + part.length)));
      held.copy(grown, 0, 0, length);
      held = grown;
    }
    part.copy(held, length);
    length += part.length;
  }

  function release(): void {
    held = EMPTY;
    length = 0;
  }

  /** Takes a part of a line, which ends with it if `isWhole`. */
  function take(part: Buffer, isWhole: boolean): void {
    if (isSkipping) {
      isSkipping = !isWhole;
    } else if (length + part.length > maxBytes) {
      hold(part.subarray(0, maxBytes - length));
      const beginning = held.subarray(0, length);
      release();
      isSkipping = !isWhole;
      onLongLine(beginning);
    } else if (!isWhole) {
      hold(part);
    } else if (length === 0) {
      onLine(withoutReturn(part));
    } else {
      hold(part);
      const line = held.subarray(0, length);
      release();
      onLine(withoutReturn(line));
    }
  }

  return {
    write(chunk) {
      let start = 0;
      for (let end = chunk.indexOf(LINE_FEED); end !== -1; end = chunk.indexOf(LINE_FEED, start)) {
        take(chunk.subarray(start, end), true);
        start = end + 1;
      }
      if (start < chunk.length) take(chunk.subarray(start), false);
    },
    end() {
      if (length > 0) take(EMPTY, true);
    },
  };
}

const withoutReturn = (line: Buffer): Buffer =>
  line.at(-1) === CARRIAGE_RETURN ? line.subarray(0, -1) : line;
