import type { Caller } from '../caller.ts';
import { type Exchange, respondJson } from '../exchange.ts';
import { onCallerEnd } from './caller-end.ts';
import type { Reply } from './client.ts';
import type { LoggedStream } from './event-log.ts';
import {
  ERROR,
  type JsonRpcNotification,
  type JsonRpcRequest,
  jsonRpcError,
  type RequestId,
} from './json-rpc.ts';
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
  /** What the client waits for; several (a batch) are always answered with events. */
  readonly ids: readonly RequestId[];
}

/** One POST's answer: JSON if the response comes soon and alone, else an event stream that can be resumed. */
export function createHttpAnswer({ exchange, caller, session, streams, ids }: HttpAnswer): Reply {
  let stream: LoggedStream | undefined;
  let left = ids.length;
  let release = (): void => {};
  const timer = setTimeout(openStream, STREAM_AFTER_MS);
  // A token that ends leaves an event id behind, so its successor can fetch the response.
  release = onCallerEnd(caller, openStream);
  session.unstreamed.add(openStream);
  exchange.onClose(settle);

  function settle(): void {
    clearTimeout(timer);
    release();
    session.unstreamed.delete(openStream);
  }

  function openStream(): void {
    // Without a client nobody knows the stream's id, so nobody could ever read it.
    if (stream || exchange.closed) return;
    settle();
    const connect = (firstFrame?: string) => streams.open(exchange, caller, firstFrame);
    stream = session.log.open(connect, { isPrimed: allowsEmptyEvents(session.protocolVersion), owed: ids });
  }

  function finishOne(): void {
    if (--left > 0) return;
    settle();
    stream?.finish();
  }

  /** To who waits for this answer; to the session's own stream if nobody does any more. False if there is none. */
  function send(message: JsonRpcNotification | JsonRpcRequest): boolean {
    openStream();
    if (!stream) return session.tell(message);
    stream.send(message);
    return true;
  }

  return {
    notify: (notification) => void send(notification),
    ask(question) {
      if (send(question)) return;
      const error = jsonRpcError(ERROR.methodNotFound, 'the client cannot be reached now', question.id);
      session.relay.answer(session, error);
    },
    finish(response) {
      if (ids.length === 1 && !stream) respondJson(exchange, 200, response);
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
