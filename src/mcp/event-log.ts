/**
 * A session's event streams, each with the reader it has now and, for `Last-Event-ID`, what was sent on it
 * (2025-11-25 transports, resumability). An event id is `<stream>-<sequence>`; sequences start at 1 and have no gaps.
 */
import type { ResponseStream } from '../exchange.ts';
import { messageFrame, primingFrame } from './event-stream.ts';
import type { JsonRpcMessage } from './json-rpc.ts';
import { createReplayBuffer, type ReplayBudget } from './replay-buffer.ts';

/** Begins the answer that a stream's events go to; `firstFrame` goes before all of them. */
type Connect = (firstFrame?: string) => ResponseStream;

export interface LoggedStream {
  /** Sends a message to whoever reads now, and keeps it for who comes back. */
  send(message: JsonRpcMessage): void;
  /** Nothing more will be sent: ends the reader's answer. */
  finish(): void;
}

export interface EventLog {
  /** A new stream for `connect`'s reader, which gets an id at once if `isPrimed`. */
  open(connect: Connect, isPrimed: boolean): LoggedStream;
  /**
   * Sends everything after that event to `connect`'s reader and goes on from there. False, with nothing connected,
   * if the stream has nothing left to send or what is missing was not kept.
   */
  resume(lastEventId: string, connect: Connect): boolean;
  /** True while somebody reads one of the streams. */
  isRead(): boolean;
  close(): void;
}

interface Stream {
  readonly number: number;
  sequence: number;
  reader: ResponseStream | undefined;
  isFinished: boolean;
}

export function createEventLog(budget: ReplayBudget): EventLog {
  const streams = new Map<number, Stream>();
  const buffer = createReplayBuffer(budget);
  let lastNumber = 0;

  function forgetIfDone(number: number): void {
    if (streams.get(number)?.isFinished && buffer.after(number, 0).length === 0) streams.delete(number);
  }

  function write(stream: Stream, message: JsonRpcMessage): void {
    const sequence = ++stream.sequence;
    const frame = messageFrame(message, `${stream.number}-${sequence}`);
    for (const evicted of buffer.keep({ stream: stream.number, sequence, frame }))
      forgetIfDone(evicted.stream);
    stream.reader?.write(frame);
  }

  function finish(stream: Stream): void {
    stream.isFinished = true;
    stream.reader?.end();
    stream.reader = undefined;
    forgetIfDone(stream.number);
  }

  return {
    open(connect, isPrimed) {
      const number = ++lastNumber;
      const reader = connect(isPrimed ? primingFrame(`${number}-0`) : undefined);
      const stream: Stream = { number, sequence: 0, reader, isFinished: false };
      streams.set(number, stream);
      return { send: (message) => write(stream, message), finish: () => finish(stream) };
    },
    resume(lastEventId, connect) {
      const [number, last] = parseEventId(lastEventId);
      const stream = streams.get(number);
      if (!stream || last > stream.sequence) return false;
      const missed = buffer.after(number, last);
      if (missed.length < stream.sequence - last || (stream.isFinished && missed.length === 0)) return false;
      stream.reader?.end();
      stream.reader = connect();
      for (const frame of missed) stream.reader.write(frame);
      if (stream.isFinished) finish(stream);
      return true;
    },
    isRead: () => [...streams.values()].some(({ reader }) => reader?.closed === false),
    close() {
      for (const { reader } of streams.values()) reader?.end();
      streams.clear();
      buffer.clear();
    },
  };
}

/** Stream and sequence; `NaN`s, which name no stream, for what is no id of ours. */
function parseEventId(id: string): [stream: number, sequence: number] {
  const match = /^(\d{1,15})-(\d{1,15})$/.exec(id);
  return [Number(match?.[1]), Number(match?.[2])];
}
