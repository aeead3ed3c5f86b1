import type { HttpResponse } from 'uWebSockets.js';
import type { ResponseStream } from '../exchange.ts';
import { limits } from '../limits.ts';
import { type EngineExchange, endExchange } from './exchange-state.ts';

/** Corked bytes after which the truth is asked for again: see `write`. */
const PROBE_AFTER_BYTES = 65_536;
const PROBE_BYTES = 1_024;

interface Queue {
  readonly res: HttpResponse;
  readonly exchange: EngineExchange;
  readonly isClosing: () => boolean;
  /** Bytes written since uWebSockets.js was last known to hold none itself. */
  inside: number;
  /** True while it holds some for certain; what is written meanwhile waits in `chunks`. */
  blocked: boolean;
  chunks: Buffer[];
  waiting: number;
  ending: boolean;
}

/** Hands bytes over uncorked; only then does the result say whether everything left the process. */
function pass(queue: Queue, bytes: Buffer): boolean {
  const isThrough = queue.res.write(bytes);
  queue.inside = isThrough ? 0 : queue.inside + bytes.length;
  queue.blocked = !isThrough;
  return isThrough;
}

function finish(queue: Queue): void {
  queue.res.cork(() => queue.res.end(undefined, queue.isClosing()));
  endExchange(queue.exchange);
}

/**
 * The socket takes bytes again. A small piece goes first: there is no other way to learn whether the bytes
 * inside are gone, and it must not add much if they are not.
 */
function resume(queue: Queue): void {
  queue.blocked = false;
  if (queue.chunks.length === 0 && !queue.ending) {
    // With an onWritable handler uWebSockets.js no longer drains its own buffer (measured: it waits for ever).
    // Uncorking does it.
    queue.res.cork(() => {});
    return;
  }
  for (let chunk = queue.chunks.shift(); chunk; chunk = queue.chunks.shift()) {
    const probe = chunk.subarray(0, PROBE_BYTES);
    const rest = chunk.subarray(PROBE_BYTES);
    queue.waiting -= chunk.length;
    const isThrough = pass(queue, probe);
    if (!isThrough && rest.length > 0) {
      queue.chunks.unshift(rest);
      queue.waiting += rest.length;
    }
    if (!isThrough || (rest.length > 0 && !pass(queue, rest))) return;
  }
  if (queue.ending) finish(queue);
}

function write(queue: Queue, bytes: Buffer): void {
  if (queue.blocked) {
    if (queue.inside + queue.waiting > limits.streamQueueBytes) {
      queue.res.close();
      return;
    }
    queue.chunks.push(bytes);
    queue.waiting += bytes.length;
    return;
  }
  if (queue.inside + bytes.length > PROBE_AFTER_BYTES) {
    pass(queue, bytes);
    return;
  }
  // Corked, a chunk is one TLS record instead of four, but the result says nothing about back-pressure.
  queue.inside += bytes.length;
  queue.res.cork(() => queue.res.write(bytes));
}

/**
 * A chunked answer whose unread bytes are counted (R24). uWebSockets.js buffers without bound and never tells
 * how much. It cuts by itself a reader that takes nothing for 10 s, well within `limits.streamStallMs`.
 */
export function createUwsStream(
  res: HttpResponse,
  exchange: EngineExchange,
  isClosing: () => boolean,
): ResponseStream {
  const queue: Queue = {
    res,
    exchange,
    isClosing,
    inside: 0,
    blocked: false,
    chunks: [],
    waiting: 0,
    ending: false,
  };
  res.onWritable(() => {
    if (!exchange.closed) resume(queue);
    return true;
  });
  return {
    get closed() {
      return exchange.closed || queue.ending;
    },
    write(chunk) {
      if (exchange.closed || queue.ending || chunk.length === 0) return;
      write(queue, typeof chunk === 'string' ? Buffer.from(chunk) : Buffer.from(chunk));
    },
    end() {
      if (exchange.closed || queue.ending) return;
      queue.ending = true;
      if (!queue.blocked) finish(queue);
    },
  };
}
