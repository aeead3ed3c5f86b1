import type { Caller } from '../caller.ts';
import type { Exchange, ResponseStream } from '../exchange.ts';
import { onCallerEnd } from './caller-end.ts';
import { EVENT_STREAM_HEADERS, KEEP_ALIVE_FRAME } from './event-stream.ts';

export interface OpenStreams {
  /** Begins an event stream that ends when the caller's token does, after `firstFrame` if that is already so. */
  open(exchange: Exchange, caller: Caller, firstFrame?: string): ResponseStream;
  /** Sends a comment on every open stream. */
  keepAlive(): void;
  endAll(): void;
}

export function createOpenStreams(): OpenStreams {
  const streams = new Set<ResponseStream>();
  return {
    open(exchange, caller, firstFrame) {
      const stream = exchange.stream(200, EVENT_STREAM_HEADERS);
      // uWebSockets.js ends the head with the first byte of the body: without one a client waits for its answer.
      stream.write(firstFrame ?? KEEP_ALIVE_FRAME);
      streams.add(stream);
      const release = onCallerEnd(caller, () => stream.end());
      exchange.onClose(() => {
        streams.delete(stream);
        release();
      });
      return stream;
    },
    keepAlive() {
      for (const stream of streams) stream.write(KEEP_ALIVE_FRAME);
    },
    endAll() {
      for (const stream of streams) stream.end();
    },
  };
}
