/**
 * A session's event streams, each with the reader it has now and, for `Last-Event-ID`, what was sent on it
 * (2025-11-25 transports, resumability). An event id is `<stream>-<sequence>`; sequences start at 1 and have no gaps
 * but where the daemon was restarted.
 */
import type { ResponseStream } from '../exchange.ts';
import { formatEventId } from './event-id.ts';
import { primingFrame } from './event-stream.ts';
import type { StreamJournal } from './journal.ts';
import { ERROR, type JsonRpcMessage, jsonRpcError, type RequestId } from './json-rpc.ts';
import { createKeptStreams, type KeptStream } from './kept-streams.ts';
import type { ReplayBudget } from './replay-buffer.ts';
import type { RestoredStreams } from './restored-sessions.ts';

/** Begins the answer that a stream's events go to; `firstFrame` goes before all of them. */
type Connect = (firstFrame?: string) => ResponseStream;

export interface StreamOptions {
  /** Whether the reader gets an id at once. */
  readonly isPrimed: boolean;
  /** The requests whose responses come on this stream; none on the one that belongs to no request. */
  readonly owed: readonly RequestId[];
}

export interface LoggedStream {
  /** Sends a message to whoever reads now, and keeps it for who comes back. */
  send(message: JsonRpcMessage): void;
  /** Nothing more will be sent: ends the reader's answer. */
  finish(): void;
}

export interface EventLog {
  /** The stream of a restored log that belongs to no request and goes on; its reader has to come back for it. */
  readonly standalone: LoggedStream | undefined;
  /** A new stream for `connect`'s reader. */
  open(connect: Connect, options: StreamOptions): LoggedStream;
  /**
   * Sends everything after that event to `connect`'s reader and goes on from there. False, with nothing connected,
   * if the stream has nothing left to send or what is missing was not kept.
   */
  resume(lastEventId: string, connect: Connect): boolean;
  /** True while somebody reads one of the streams. */
  isRead(): boolean;
  /** Ends the readers' answers and keeps nothing any more. What the journal has stays there, for the next daemon. */
  close(): void;
}

export interface EventLogOptions {
  readonly journal?: StreamJournal;
  readonly restored?: RestoredStreams | undefined;
}

/**
 * With a journal the log is there again after a restart. A restored one answers every request that was still open
 * with an error, on the stream where its client waits for the response.
 */
export function createEventLog(budget: ReplayBudget, { journal, restored }: EventLogOptions = {}): EventLog {
  const kept = createKeptStreams({ budget, journal, restored });
  const readers = new Map<KeptStream, ResponseStream>();

  function send(stream: KeptStream, message: JsonRpcMessage): void {
    const frame = kept.append(stream, message);
    readers.get(stream)?.write(frame);
  }

  function finish(stream: KeptStream): void {
    kept.finish(stream);
    readers.get(stream)?.end();
    readers.delete(stream);
  }

  const toLogged = (stream: KeptStream): LoggedStream => ({
    send: (message) => send(stream, message),
    finish: () => finish(stream),
  });

  function goOn(): LoggedStream | undefined {
    const [standalone] = kept
      .unfinished()
      .filter(({ owed }) => owed.size === 0)
      .reverse();
    for (const stream of kept.unfinished()) {
      for (const id of [...stream.owed]) send(stream, jsonRpcError(ERROR.internal, RESTARTED, id));
      if (stream !== standalone) finish(stream);
    }
    return standalone && toLogged(standalone);
  }

  return {
    standalone: goOn(),
    open(connect, { isPrimed, owed }) {
      const stream = kept.open(owed);
      readers.set(stream, connect(isPrimed ? primingFrame(formatEventId(stream.number, 0)) : undefined));
      return toLogged(stream);
    },
    resume(lastEventId, connect) {
      const { stream, missed } = kept.after(lastEventId) ?? {};
      if (!stream || !missed || (stream.isFinished && missed.length === 0)) return false;
      readers.get(stream)?.end();
      const reader = connect();
      for (const frame of missed) reader.write(frame);
      if (stream.isFinished) reader.end();
      else readers.set(stream, reader);
      return true;
    },
    isRead: () => [...readers.values()].some(({ closed }) => !closed),
    close() {
      kept.close();
      for (const reader of readers.values()) reader.end();
      readers.clear();
    },
  };
}

const RESTARTED = 'the server was restarted during the call';
