import type { Caller } from '../caller.ts';
import type { Exchange, ResponseHeaders, ResponseStream } from '../exchange.ts';
import { onCallerEnd } from './caller-end.ts';
import { EVENT_STREAM_HEADERS, KEEP_ALIVE_FRAME } from './event-stream.ts';

export interface OpenStreams {
  /** Begins an event stream that ends when the caller's token does. */
  open(exchange: Exchange, caller: Caller, headers?: ResponseHeaders): ResponseStream;
  /** Sends a comment on every open stream. */
  keepAlive(): void;
  endAll(): void;
}

export function createOpenStreams(): OpenStreams {
  const streams = new Set<ResponseStream>();
  return {
    open(exchange, caller, headers) {
      const stream = exchange.stream(200, { ...EVENT_STREAM_HEADERS, ...headers });
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
