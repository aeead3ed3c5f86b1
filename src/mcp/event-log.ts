/**
 * What was sent on a session's event streams, kept for `Last-Event-ID` (2025-11-25 transports, resumability).
 * An event id is `<stream>-<sequence>`. Bounded per session by events and bytes, and by bytes in all; the oldest
 * event goes first, whichever stream it was on.
 */
import type { ResponseStream } from '../exchange.ts';
import { limits } from '../limits.ts';
import { messageFrame, primingFrame } from './event-stream.ts';
import type { JsonRpcMessage } from './json-rpc.ts';

export interface LoggedStream {
  /** Sends a message to whoever reads now, and keeps it for who comes back. */
  send(message: JsonRpcMessage): void;
  /** Nothing more will be sent: ends the reader's answer. */
  finish(): void;
}

export interface EventLog {
  /** A new stream for `connect`'s reader, which gets an id at once if `isPrimed`. */
  open(connect: (firstFrame?: string) => ResponseStream, isPrimed: boolean): LoggedStream;
  /**
   * Sends everything after that event to `connect()`'s stream and goes on from there. False, with nothing
   * connected, if that stream has nothing left to send or what is missing was not kept.
   */
  resume(lastEventId: string, connect: () => ResponseStream): boolean;
  /** True while somebody reads one of the streams. */
  isRead(): boolean;
  close(): void;
}

/** The bytes that all logs together keep. */
export interface LogBudget {
  bytes: number;
}

interface Stream {
  readonly number: number;
  sequence: number;
  reader: ResponseStream | undefined;
  isFinished: boolean;
  readonly kept: { sequence: number; frame: string }[];
}

export function createEventLog(budget: LogBudget): EventLog {
  const streams = new Map<number, Stream>();
  // One entry for each kept event, oldest first.
  const order: Stream[] = [];
  let lastNumber = 0;
  let bytes = 0;

  function forgetIfDone(stream: Stream): void {
    if (stream.isFinished && stream.kept.length === 0) streams.delete(stream.number);
  }

  function evictOldest(): void {
    const stream = order.shift();
    const event = stream?.kept.shift();
    if (!stream || !event) return;
    bytes -= event.frame.length;
    budget.bytes -= event.frame.length;
    forgetIfDone(stream);
  }

  function keep(stream: Stream, frame: string): void {
    const fits = (): boolean =>
      order.length < limits.replayEvents &&
      bytes + frame.length <= limits.replayBytes &&
      budget.bytes + frame.length <= limits.replayTotalBytes;
    while (!fits() && order.length > 0) evictOldest();
    if (!fits()) return;
    stream.kept.push({ sequence: stream.sequence, frame });
    order.push(stream);
    bytes += frame.length;
    budget.bytes += frame.length;
  }

  function find(lastEventId: string): { stream: Stream; missed: string[] } | undefined {
    const match = /^(\d{1,15})-(\d{1,15})$/.exec(lastEventId);
    const stream = match ? streams.get(Number(match[1])) : undefined;
    const last = Number(match?.[2]);
    if (!stream || last > stream.sequence) return undefined;
    const missed = stream.kept.filter(({ sequence }) => sequence > last).map(({ frame }) => frame);
    // The sequence has no gaps, so a shorter rest means that some of it was evicted.
    if (missed.length < stream.sequence - last) return undefined;
    return stream.isFinished && missed.length === 0 ? undefined : { stream, missed };
  }

  return {
    open(connect, isPrimed) {
      const number = ++lastNumber;
      const reader = connect(isPrimed ? primingFrame(`${number}-0`) : undefined);
      const stream: Stream = { number, sequence: 0, reader, isFinished: false, kept: [] };
      streams.set(number, stream);
      return {
        send(message) {
          const frame = messageFrame(message, `${stream.number}-${++stream.sequence}`);
          keep(stream, frame);
          stream.reader?.write(frame);
        },
        finish() {
          stream.isFinished = true;
          stream.reader?.end();
          stream.reader = undefined;
          forgetIfDone(stream);
        },
      };
    },
    resume(lastEventId, connect) {
      const found = find(lastEventId);
      if (!found) return false;
      const { stream, missed } = found;
      stream.reader?.end();
      const reader = connect();
      for (const frame of missed) reader.write(frame);
      if (stream.isFinished) reader.end();
      else stream.reader = reader;
      return true;
    },
    isRead: () => [...streams.values()].some(({ reader }) => reader?.closed === false),
    close() {
      for (const { reader } of streams.values()) reader?.end();
      streams.clear();
      order.length = 0;
      budget.bytes -= bytes;
      bytes = 0;
    },
  };
}
