import type { HttpResponse } from 'uWebSockets.js';
import type { ResponseStream } from '../exchange.ts';
import { limits } from '../limits.ts';
import { type EngineExchange, endExchange } from './exchange-state.ts';

const PROBE_BYTES = 1_024;

interface Queue {
  readonly res: HttpResponse;
  readonly exchange: EngineExchange;
  /** True while it holds some for certain; what is written meanwhile waits in `chunks`. */
  blocked: boolean;
  chunks: Buffer[];
  waiting: number;
  ending: boolean;
}

/**
 * Hands bytes over. The result of a corked write speaks of all the writes before it: true says that they left the
 * process (measured; an uncorked write would speak of itself, at the price of four TLS records and a warning).
 */
function pass(queue: Queue, bytes: Buffer): boolean {
  let isEmptied = false;
  queue.res.cork(() => {
    isEmptied = queue.res.write(bytes);
  });
  queue.blocked = !isEmptied;
  return isEmptied;
}

/** Never with the flag that closes the connection: it would write that header between the chunks (measured). */
function finish(queue: Queue): void {
  queue.res.cork(() => queue.res.end());
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
    queue.waiting -= probe.length;
    if (rest.length > 0) queue.chunks.unshift(rest);
    if (!pass(queue, probe)) return;
    if (rest.length === 0) continue;
    queue.chunks.shift();
    queue.waiting -= rest.length;
    if (!pass(queue, rest)) return;
  }
  if (queue.ending) finish(queue);
}

function write(queue: Queue, bytes: Buffer): void {
  if (!queue.blocked) {
    pass(queue, bytes);
  } else if (queue.waiting > limits.streamQueueBytes) {
    queue.res.close();
  } else {
    queue.chunks.push(bytes);
    queue.waiting += bytes.length;
  }
}

/**
 * A chunked answer whose unread bytes are counted (R24). uWebSockets.js buffers without bound and never tells
 * how much. It cuts by itself a reader that takes nothing for 10 s, well within `limits.streamStallMs`.
 */
export function createUwsStream(res: HttpResponse, exchange: EngineExchange): ResponseStream {
  const queue: Queue = {
    res,
    exchange,
    blocked: false,
    chunks: [],
    waiting: 0,
    ending: false,
  };
  const onWritable = (): boolean => {
    if (!exchange.closed) resume(queue);
    return true;
  };
  // Touching the response of a client that is gone throws.
  if (!exchange.closed) res.onWritable(onWritable);
  return {
    get closed() {
      return exchange.closed || queue.ending;
    },
    write(chunk) {
      if (exchange.closed || queue.ending || chunk.length === 0) return;
      // What waits must not change under the hands of the caller's buffer.
      write(queue, Buffer.from(chunk as string));
    },
    end() {
      if (exchange.closed || queue.ending) return;
      queue.ending = true;
      if (queue.chunks.length === 0) finish(queue);
    },
  };
}
