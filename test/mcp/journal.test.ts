import { describe, expect, it } from 'vitest';
import type { Log, LogFields } from '../../src/log.ts';
import { createEventLog } from '../../src/mcp/event-log.ts';
import { createJournal, type Journal } from '../../src/mcp/journal.ts';
import type { RestoredSession } from '../../src/mcp/restored-sessions.ts';
import { createMemoryRecords, type MemoryRecords } from './memory-records.ts';
import { createReader } from './recording-reader.ts';

function createLog(): Log & { lines: [event: string, fields: LogFields | undefined][] } {
  const lines: [string, LogFields | undefined][] = [];
  const silent = (): void => undefined;
  return {
    lines,
    error: (event, fields) => void lines.push([event, fields]),
    info: silent,
    debug: silent,
    close: silent,
  };
}

const start = (records: MemoryRecords, log: Log = createLog()): Journal => createJournal({ records, log });

/** What the next daemon finds. */
async function restart(records: MemoryRecords): Promise<RestoredSession[]> {
  const journal = start(records);
  const sessions = await journal.readSessions();
  await journal.settled();
  return sessions;
}

const notice = (text: string) => ({ jsonrpc: '2.0', method: 'x', params: { text } }) as const;
const STANDALONE = { isPrimed: true, owed: [] } as const;

describe('the journal', () => {
  it('gives back what a session was last, its streams and its events in the order they came', async () => {
    const records = createMemoryRecords();
    const journal = start(records);
    const session = journal.session('s1');
    session.put({ upstream: 'first' });
    const log = createEventLog({ bytes: 0 }, { journal: session });
    const call = log.open(createReader, { isPrimed: true, owed: [7, '7'] });
    const standalone = log.open(createReader, STANDALONE);
    call.send(notice('1'));
    standalone.send(notice('2'));
    call.send({ jsonrpc: '2.0', id: 7, result: {} });
    session.put({ upstream: 'second' });
    await journal.settled();
    const [restored] = await restart(records);
    expect(restored).toMatchObject({ id: 's1', record: { upstream: 'second' } });
    expect([...restored!.streams.streams]).toEqual([
      [1, { owed: ['7'], floor: 0, isFinished: false }],
      [2, { owed: [], floor: 0, isFinished: false }],
    ]);
    expect(restored!.streams.events.map(({ stream, sequence }) => `${stream}-${sequence}`)).toEqual([
      '1-1',
      '2-1',
      '1-2',
    ]);
  });

  it('writes one batch for all of a turn, and only the last of what one key was', async () => {
    const records = createMemoryRecords();
    const journal = start(records);
    const session = journal.session('s1');
    for (let index = 0; index < 100; index++) session.put({ index });
    const stream = createEventLog({ bytes: 0 }, { journal: session }).open(createReader, STANDALONE);
    stream.send(notice('1'));
    await journal.settled();
    expect(records.batches).toEqual([3]);
    expect(records.map.get('session/s1/record')).toEqual({ index: 99 });
  });

  it('a session that ended leaves nothing, whether written, being written or still to be written', async () => {
    const records = createMemoryRecords([['session/s10/record', { kept: true }]]);
    const journal = start(records);
    const session = journal.session('s1');
    session.put({});
    const stream = createEventLog({ bytes: 0 }, { journal: session }).open(createReader, STANDALONE);
    stream.send(notice('written'));
    await journal.settled();
    stream.send(notice('being written'));
    await new Promise((resolve) => setImmediate(resolve));
    stream.send(notice('to be written'));
    session.remove();
    stream.send(notice('too late'));
    session.put({ tooLate: true });
    await journal.settled();
    expect([...records.map.keys()]).toEqual(['session/s10/record']);
  });

  it('an evicted event and a stream that is done with leave nothing', async () => {
    const records = createMemoryRecords();
    const journal = start(records);
    const budget = { bytes: 0 };
    const log = createEventLog(budget, { journal: journal.session('s1') });
    const stream = log.open(createReader, { isPrimed: true, owed: [1] });
    stream.send(notice('evicted'));
    await journal.settled();
    stream.send(notice('x'.repeat(2_000_000)));
    await journal.settled();
    expect([...records.map.keys()]).toEqual(['session/s1/stream/000000000000001']);
    stream.finish();
    await journal.settled();
    expect(records.map.size).toBe(0);
  });

  it('L7: a full disk breaks nothing, is logged once, and what was lost in it is no gap for who comes back', async () => {
    const records = createMemoryRecords();
    const logged = createLog();
    const journal = start(records, logged);
    const session = journal.session('s1');
    session.put({});
    const log = createEventLog({ bytes: 0 }, { journal: session });
    const reader = createReader();
    const stream = log.open(() => reader, STANDALONE);
    for (const text of ['1', 'lost', 'lost', '4', '5']) {
      records.failure = text === 'lost' ? new Error('no space left') : undefined;
      stream.send(notice(text));
      await journal.settled();
    }
    expect(reader.frames).toHaveLength(5);
    expect(logged.lines).toEqual([['mcp.journal.failed', { reason: 'Error: no space left' }]]);
    expect(log.resume('1-1', createReader)).toBe(true);

    const [restored] = await restart(records);
    const again = createEventLog({ bytes: 0 }, { restored: restored!.streams });
    expect(['1-0', '1-1', '1-2', '1-3', '1-5'].map((id) => again.resume(id, createReader))).toEqual([
      false,
      false,
      false,
      true,
      true,
    ]);
  });
});

const FRAME = 'id: 1-1\nevent: message\ndata: {}\n\n';
const STREAM = { owed: [], floor: 0, isFinished: false };
const WHOLE = [
  ['session/a/event/000000000000001', FRAME],
  ['session/a/record', {}],
  ['session/a/stream/000000000000001', STREAM],
] as const;

describe('garbage in the journal', () => {
  it.each([
    ['session/a/record/', {}],
    ['session/a/stream/1', STREAM],
    ['session/a/stream/000000000000000', STREAM],
    ['session/a/stream/000000000000002', null],
    ['session/a/stream/000000000000002', { ...STREAM, owed: [null] }],
    ['session/a/stream/000000000000002', { ...STREAM, owed: {} }],
    ['session/a/stream/000000000000002', { ...STREAM, floor: -1 }],
    ['session/a/stream/000000000000002', { owed: [], floor: 0 }],
    ['session/a/stream/000000000000002', { ...STREAM, isFinished: true }],
    ['session/a/event/000000000000002', 'data: {}\n\n'],
    ['session/a/event/000000000000002', { frame: FRAME }],
    ['session/a/event/000000000000000', FRAME],
    ['session/a/event/x', FRAME],
    ['session/a/event/000000000000002', 'id: 2-1\ndata: of no stream\n\n'],
    ['session/a/event/000000000000002', 'id: 1-0\ndata: below the first\n\n'],
    ['session/b/record', []],
    ['session/b/event/000000000000001', FRAME],
    ['session/b/stream/000000000000001', STREAM],
    ['session/', 1],
    ['session/x', 1],
    ['session//record', {}],
  ])('%s: %j is dropped and removed, and harms nothing beside it', async (key, value) => {
    const records = createMemoryRecords([...WHOLE, [key, value]]);
    expect(await restart(records)).toEqual([
      {
        id: 'a',
        record: {},
        streams: {
          era: 1,
          streams: new Map([[1, STREAM]]),
          events: [{ position: 1, stream: 1, sequence: 1, frame: FRAME }],
        },
      },
    ]);
    expect([...records.map.keys()].sort()).toEqual(['session/a/era', ...WHOLE.map(([name]) => name)].sort());
  });

  it('an era that is no number is the first', async () => {
    const records = createMemoryRecords([...WHOLE, ['session/a/era', '9']]);
    expect((await restart(records))[0]?.streams.era).toBe(1);
    expect(records.map.get('session/a/era')).toBe(1);
  });
});
