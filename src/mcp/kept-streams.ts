import { formatEventId, lastBefore, parseEventId } from './event-id.ts';
import { messageFrame } from './event-stream.ts';
import type { StreamJournal } from './journal.ts';
import type { JsonRpcMessage, RequestId } from './json-rpc.ts';
import { createReplayBuffer, type KeptEvent, type ReplayBudget } from './replay-buffer.ts';
import type { RestoredStreams } from './restored-sessions.ts';

export interface KeptStream {
  readonly number: number;
  /** The requests whose responses are still to come on it. */
  readonly owed: Set<RequestId>;
  /** The number of its last event. */
  sequence: number;
  /** Every event behind this one is kept. */
  floor: number;
  isFinished: boolean;
}

export interface KeptStreams {
  open(owed: readonly RequestId[]): KeptStream;
  /** Makes the message the stream's next event, and gives its frame. */
  append(stream: KeptStream, message: JsonRpcMessage): string;
  /** Nothing more will be appended. */
  finish(stream: KeptStream): void;
  /** The event's stream and the frames that came after it; undefined if some of those are not kept. */
  after(eventId: string): { readonly stream: KeptStream; readonly missed: string[] } | undefined;
  /** In the order in which they were opened. */
  unfinished(): KeptStream[];
  /** Keeps nothing from now on. What stands in the journal stays there. */
  close(): void;
}

export interface KeptStreamsOptions {
  readonly budget: ReplayBudget;
  /** Without one the streams are gone with this process. */
  readonly journal?: StreamJournal | undefined;
  readonly restored?: RestoredStreams | undefined;
}

const NOTHING: RestoredStreams = { era: 0, streams: new Map(), events: [] };

/** A session's streams and their last events: in memory, and in step with it in the journal. */
export function createKeptStreams({ budget, journal, restored = NOTHING }: KeptStreamsOptions): KeptStreams {
  const streams = new Map<number, KeptStream>();
  const buffer = createReplayBuffer(budget);
  let lastNumber = lastBefore(restored.era);
  let lastPosition = restored.events.at(-1)?.position ?? 0;
  let isClosed = false;

  function save(stream: KeptStream): void {
    const { number, owed, floor, isFinished } = stream;
    if (!streams.has(number)) return;
    if (!isFinished || buffer.holds(number)) {
      journal?.putStream(number, { owed: [...owed], floor, isFinished });
    } else {
      streams.delete(number);
      journal?.removeStream(number);
    }
  }

  function keep(event: KeptEvent): void {
    for (const gone of buffer.keep(event)) {
      journal?.removeEvent(gone);
      const stream = streams.get(gone.stream);
      if (!stream) continue;
      stream.floor = gone.sequence;
      save(stream);
    }
  }

  for (const [number, { owed, floor, isFinished }] of restored.streams) {
    streams.set(number, { number, owed: new Set(owed), sequence: lastNumber, floor, isFinished });
  }
  for (const event of restored.events) keep(event);

  return {
    open(owed) {
      const stream = { number: ++lastNumber, owed: new Set(owed), sequence: 0, floor: 0, isFinished: false };
      if (isClosed) return stream;
      streams.set(stream.number, stream);
      save(stream);
      return stream;
    },
    append(stream, message) {
      const sequence = ++stream.sequence;
      const frame = messageFrame(message, formatEventId(stream.number, sequence));
      if (!streams.has(stream.number)) return frame;
      const event = { position: ++lastPosition, stream: stream.number, sequence, frame };
      journal?.putEvent(event);
      keep(event);
      if (!('method' in message) && message.id !== undefined && stream.owed.delete(message.id)) save(stream);
      return frame;
    },
    finish(stream) {
      stream.isFinished = true;
      save(stream);
    },
    after(eventId) {
      const [number, sequence] = parseEventId(eventId);
      const stream = streams.get(number);
      if (!stream || sequence < stream.floor || sequence > stream.sequence) return undefined;
      return { stream, missed: buffer.after(number, sequence) };
    },
    unfinished: () => [...streams.values()].filter(({ isFinished }) => !isFinished),
    close() {
      isClosed = true;
      streams.clear();
      buffer.clear();
    },
  };
}
