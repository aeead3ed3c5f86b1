import type { Log } from '../log.ts';
import { createRateLimiter } from '../rate.ts';
import {
  type Entry,
  keys,
  type RecordOperation,
  type Records,
  SESSIONS,
  type SessionRecord,
  type StreamRecord,
} from './records.ts';
import type { KeptEvent } from './replay-buffer.ts';
import { keysOf, parseSessions, type RestoredSession } from './restored-sessions.ts';

/** What a session's event log writes down. */
export interface StreamJournal {
  /** Writes what a stream is now, in place of what it was. */
  putStream(number: number, stream: StreamRecord): void;
  removeStream(number: number): void;
  putEvent(event: KeptEvent): void;
  removeEvent(event: KeptEvent): void;
}

export interface SessionJournal extends StreamJournal {
  /** Writes the session's own record, in place of the one before. It must not be changed afterwards. */
  put(record: SessionRecord): void;
  /** The session has ended: nothing of it stays, and what is still written for it goes nowhere. */
  remove(): void;
}

/** What must outlive the daemon. Writing never waits and never fails; see `settled`. */
export interface Journal {
  /** The sessions of the last daemon. To be called once, before anything is written. */
  readSessions(): Promise<RestoredSession[]>;
  /** A session's part of the journal. To be called once for each session. */
  session(id: string): SessionJournal;
  /** Resolves once all that was written until now is in the records; what could not be written is lost, and logged. */
  settled(): Promise<void>;
}

export interface JournalOptions {
  readonly records: Records;
  readonly log: Log;
}

/**
 * Writes down what sessions and their event streams are, so that the next daemon goes on with them. What comes
 * within one turn of the event loop, or while the batch before is being written, becomes one batch; of several
 * values for one key only the last is written, so what waits is bounded like what is kept in memory.
 */
export function createJournal({ records, log }: JournalOptions): Journal {
  const pending = new Map<string, RecordOperation>();
  const ended = new Set<string>();
  const failures = createRateLimiter(1);
  /** The batch being written, and the one that takes what comes now. */
  let current: Promise<void> = Promise.resolve();
  let next: Promise<void> | undefined;

  async function write(): Promise<void> {
    const operations = [...pending.values()];
    const prefixes = [...ended].map(keys.session);
    pending.clear();
    ended.clear();
    try {
      for (const prefix of prefixes) {
        for await (const [key] of records.entries(prefix)) operations.push({ type: 'del', key });
      }
      await records.batch(operations, { flush: false });
    } catch (error) {
      if (failures.take('') === undefined) log.error('mcp.journal.failed', { reason: String(error) });
    }
  }

  async function writeNext(): Promise<void> {
    await current;
    await new Promise((resolve) => setImmediate(resolve));
    next = undefined;
    current = write();
    await current;
  }

  function add(operation: RecordOperation): void {
    pending.set(operation.key, operation);
    next ??= writeNext();
  }

  function end(id: string): void {
    const prefix = keys.session(id);
    for (const key of pending.keys()) if (key.startsWith(prefix)) pending.delete(key);
    ended.add(id);
    add({ type: 'del', key: keys.record(id) });
  }

  return {
    async readSessions() {
      const entries: Entry[] = [];
      for await (const entry of records.entries(SESSIONS)) entries.push(entry);
      const sessions = parseSessions(entries);
      const used = new Set(sessions.flatMap(keysOf));
      for (const [key] of entries) if (!used.has(key)) add({ type: 'del', key });
      for (const { id, streams } of sessions) add({ type: 'put', key: keys.era(id), value: streams.era });
      return sessions;
    },
    session: (id) => createSessionJournal(id, add, end),
    settled: () => next ?? current,
  };
}

function createSessionJournal(
  id: string,
  add: (operation: RecordOperation) => void,
  end: (id: string) => void,
): SessionJournal {
  let hasEnded = false;

  function put(key: string, value: unknown): void {
    if (!hasEnded) add({ type: 'put', key, value });
  }

  function del(key: string): void {
    if (!hasEnded) add({ type: 'del', key });
  }

  return {
    put: (record) => put(keys.record(id), record),
    remove() {
      hasEnded = true;
      end(id);
    },
    putStream: (number, stream) => put(keys.stream(id, number), stream),
    removeStream: (number) => del(keys.stream(id, number)),
    putEvent: ({ position, frame }) => put(keys.event(id, position), frame),
    removeEvent: ({ position }) => del(keys.event(id, position)),
  };
}
