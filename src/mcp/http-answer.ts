import type { Caller } from '../caller.ts';
import { type Exchange, respondJson } from '../exchange.ts';
import { onCallerEnd } from './caller-end.ts';
import type { Reply } from './client.ts';
import type { LoggedStream } from './event-log.ts';
import type { JsonRpcNotification, JsonRpcRequest } from './json-rpc.ts';
import type { OpenStreams } from './open-streams.ts';
import { allowsEmptyEvents } from './protocol-version.ts';
import type { HttpSession } from './sessions.ts';

/**
 * After this long an answer becomes an event stream: its event id lets the client come back for the response if
 * the connection breaks, and comments keep the connection alive. Until then plain JSON is cheaper for both.
 */
const STREAM_AFTER_MS = 2_000;

export interface HttpAnswer {
  readonly exchange: Exchange;
  readonly caller: Caller;
  readonly session: HttpSession;
  readonly streams: OpenStreams;
  /** How many responses the client waits for; several (a batch) always come as events. */
  readonly expected: number;
}

/** One POST's answer: JSON if the response comes soon and alone, else an event stream that can be resumed. */
export function createHttpAnswer({ exchange, caller, session, streams, expected }: HttpAnswer): Reply {
  let stream: LoggedStream | undefined;
  let left = expected;
  let release = (): void => {};
  const timer = setTimeout(openStream, STREAM_AFTER_MS);
  // A token that ends leaves an event id behind, so its successor can fetch the response.
  release = onCallerEnd(caller, openStream);
  exchange.onClose(settle);

  function settle(): void {
    clearTimeout(timer);
    release();
  }

  function openStream(): void {
    // Without a client nobody knows the stream's id, so nobody could ever read it.
    if (stream || exchange.closed) return;
    settle();
    const connect = (firstFrame?: string) => streams.open(exchange, caller, firstFrame);
    stream = session.log.open(connect, allowsEmptyEvents(session.protocolVersion));
  }

  function finishOne(): void {
    if (--left > 0) return;
    settle();
    stream?.finish();
  }

  function send(message: JsonRpcNotification | JsonRpcRequest): void {
    openStream();
    stream?.send(message);
  }

  return {
    notify: send,
    ask: send,
    finish(response) {
      if (expected === 1 && !stream) respondJson(exchange, 200, response);
      else {
        openStream();
        stream?.send(response);
      }
      finishOne();
    },
    abandon() {
      openStream();
      finishOne();
    },
  };
}
