import { isObject } from '../json-object.ts';
import { isFirstOfEra, isNext, parseEventId } from './event-id.ts';
import { isRequestId } from './json-rpc.ts';
import { type Entry, keys, SESSIONS, type SessionRecord, type StreamRecord } from './records.ts';
import type { KeptEvent } from './replay-buffer.ts';

/** A session's event streams as the last daemon left them. */
export interface RestoredStreams {
  /** How many restarts the session has outlived, this one counted. */
  readonly era: number;
  readonly streams: ReadonlyMap<number, StreamRecord>;
  /** Oldest first; of each stream the last ones, without a gap. */
  readonly events: readonly KeptEvent[];
}

export interface RestoredSession {
  readonly id: string;
  readonly record: SessionRecord;
  readonly streams: RestoredStreams;
}

/** What was found under a session's prefix. */
interface Found {
  readonly id: string;
  record: SessionRecord | undefined;
  era: number;
  readonly streams: Map<number, StreamRecord>;
  readonly events: KeptEvent[];
}

const KEY = new RegExp(`^${SESSIONS}([^/]+)/(record|era|stream|event)(?:/(\\d{15}))?$`);

/** Makes sessions of the records below `SESSIONS`, in key order. What is no part of one is passed over. */
export function parseSessions(entries: readonly Entry[]): RestoredSession[] {
  const found = new Map<string, Found>();
  for (const [key, value] of entries) {
    const [, id, kind, digits] = KEY.exec(key) ?? [];
    if (id === undefined) continue;
    const session = found.get(id) ?? { id, record: undefined, era: 0, streams: new Map(), events: [] };
    found.set(id, session);
    take(session, { kind, number: Number(digits), value });
  }
  return [...found.values()].flatMap(restore);
}

/** The keys of everything in the session that was restored. */
export function keysOf({ id, streams: { streams, events } }: RestoredSession): string[] {
  return [
    keys.record(id),
    keys.era(id),
    ...[...streams.keys()].map((number) => keys.stream(id, number)),
    ...events.map(({ position }) => keys.event(id, position)),
  ];
}

interface Part {
  readonly kind: string | undefined;
  readonly number: number;
  readonly value: unknown;
}

function take(session: Found, { kind, number, value }: Part): void {
  if (kind === 'record' && isObject(value)) session.record = value;
  else if (kind === 'era' && isCount(value)) session.era = value;
  else if (kind === 'stream' && number > 0 && isStreamRecord(value)) session.streams.set(number, value);
  else if (kind === 'event' && number > 0 && typeof value === 'string') {
    const [stream, sequence] = parseEventId(/^id: (\S+)\n/.exec(value)?.[1] ?? '');
    if (sequence > 0) session.events.push({ position: number, stream, sequence, frame: value });
  }
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0;

const isStreamRecord = (value: unknown): value is StreamRecord =>
  isObject(value) &&
  Array.isArray(value.owed) &&
  value.owed.every(isRequestId) &&
  isCount(value.floor) &&
  typeof value.isFinished === 'boolean';

function restore({ id, record, era, streams, events }: Found): RestoredSession[] {
  if (!record) return [];
  const oldest = new Map<number, number>();
  const kept = events
    .toReversed()
    .filter(({ stream, sequence }) => {
      const newer = oldest.get(stream);
      const floor = streams.get(stream)?.floor ?? Number.POSITIVE_INFINITY;
      if (sequence <= floor || (newer !== undefined && !isNext(sequence, newer))) return false;
      oldest.set(stream, sequence);
      return true;
    })
    .reverse();
  const left = new Map<number, StreamRecord>();
  for (const [number, stream] of streams) {
    const first = oldest.get(number);
    if (first === undefined && stream.isFinished) continue;
    // A write that failed leaves a gap: whoever missed what was in it must not be served with what came after.
    const floor = first === undefined || isFirstOfEra(first) ? stream.floor : first - 1;
    left.set(number, { ...stream, floor });
  }
  return [{ id, record, streams: { era: era + 1, streams: left, events: kept } }];
}
