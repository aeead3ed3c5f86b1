import type { Caller } from '../../caller.ts';
import { type Exchange, type ResponseStream, respondJson } from '../../exchange.ts';
import { onCallerEnd } from '../caller-end.ts';
import { messageFrame } from '../event-stream.ts';
import type { JsonRpcMessage, JsonRpcNotification } from '../json-rpc.ts';
import type { OpenStreams } from '../open-streams.ts';

/** After this long an answer becomes an event stream, so that comments keep the connection alive. */
const STREAM_AFTER_MS = 2_000;

/** One HTTP answer: JSON if it comes soon and alone, else events. */
export interface StatelessAnswer {
  readonly exchange: Exchange;
  /** The event stream that the answer becomes; undefined once the client is gone. */
  stream(): ResponseStream | undefined;
  notify(message: JsonRpcNotification): void;
  /** Ends it; the status is one of JSON only. */
  finish(status: number, message: JsonRpcMessage): void;
}

export function createStatelessAnswer(
  exchange: Exchange,
  caller: Caller,
  streams: OpenStreams,
): StatelessAnswer {
  let opened: ResponseStream | undefined;
  const timer = setTimeout(stream, STREAM_AFTER_MS);
  exchange.onClose(() => clearTimeout(timer));
  // R45: an answer that is not a stream yet ends with its token too, and what it is the answer to.
  exchange.onClose(onCallerEnd(caller, stream));

  function stream(): ResponseStream | undefined {
    if (exchange.closed) return undefined;
    opened ??= streams.open(exchange, caller);
    return opened;
  }

  return {
    exchange,
    stream,
    notify: (message) => stream()?.write(messageFrame(message)),
    finish(status, message) {
      if (opened) {
        opened.write(messageFrame(message));
        opened.end();
      } else if (!exchange.closed) {
        respondJson(exchange, status, message);
      }
    },
  };
}
