import { describe, expect, it } from 'vitest';
import { limits } from '../../src/limits.ts';
import { createEventLog } from '../../src/mcp/event-log.ts';
import { createReader } from './recording-reader.ts';

const PRIMED = { isPrimed: true, owed: [] } as const;

const message = (text: string) => ({ jsonrpc: '2.0', method: 'x', params: { text } }) as const;

/** The texts that a reader who comes back after `id` gets; undefined if it is turned away. */
function replay(log: ReturnType<typeof createEventLog>, id: string): string[] | undefined {
  const reader = createReader();
  if (!log.resume(id, () => reader)) return undefined;
  return reader.frames.map((frame) => /"text":"([^"]*)"/.exec(frame)?.[1] ?? '');
}

describe('the event log', () => {
  it('keeps the last 256 events of a session; who missed more is turned away, not served with a gap', () => {
    const log = createEventLog({ bytes: 0 });
    const stream = log.open(createReader, PRIMED);
    for (let index = 1; index <= limits.replayEvents + 10; index++) stream.send(message(String(index)));
    expect(replay(log, '1-9')).toBeUndefined();
    expect(replay(log, '1-10')).toHaveLength(limits.replayEvents);
  });

  it('keeps 1 MiB of a session, and no event that is larger alone', () => {
    const budget = { bytes: 0 };
    const log = createEventLog(budget);
    const stream = log.open(createReader, PRIMED);
    for (let index = 0; index < 5; index++) stream.send(message('a'.repeat(limits.replayBytes / 4)));
    expect(budget.bytes).toBeLessThanOrEqual(limits.replayBytes);
    expect(replay(log, '1-2')).toHaveLength(3);
    stream.send(message('a'.repeat(limits.replayBytes)));
    expect(replay(log, '1-5')).toBeUndefined();
    expect(budget.bytes).toBe(0);
  });

  it('gives its share of the common budget back, and takes none that is not there', () => {
    const budget = { bytes: 0 };
    const first = createEventLog(budget);
    first.open(createReader, PRIMED).send(message('kept'));
    const used = budget.bytes;
    expect(used).toBeGreaterThan(0);
    budget.bytes = limits.replayTotalBytes;
    const second = createEventLog(budget);
    second.open(createReader, PRIMED).send(message('not kept'));
    expect(replay(second, '1-0')).toBeUndefined();
    expect(budget.bytes).toBe(limits.replayTotalBytes);
    first.close();
    expect(budget.bytes).toBe(limits.replayTotalBytes - used);
  });

  it('an old stream’s events give way to a new one’s, and a finished stream is forgotten with them', () => {
    const log = createEventLog({ bytes: 0 });
    const old = log.open(createReader, PRIMED);
    old.send(message('old'));
    old.finish();
    expect(replay(log, '1-0')).toEqual(['old']);
    const stream = log.open(createReader, PRIMED);
    for (let index = 0; index < limits.replayEvents; index++) stream.send(message('new'));
    expect(replay(log, '1-0')).toBeUndefined();
  });

  it('a reader who comes back takes over from the one before', () => {
    const log = createEventLog({ bytes: 0 });
    const before = createReader();
    const stream = log.open(() => before, PRIMED);
    const after = createReader();
    expect(log.resume('1-0', () => after)).toBe(true);
    stream.send(message('more'));
    expect(before.closed).toBe(true);
    expect(before.frames).toEqual([]);
    expect(after.frames).toHaveLength(1);
    expect(log.isRead()).toBe(true);
    log.close();
    expect([after.closed, log.isRead()]).toEqual([true, false]);
  });

  it('keeps nothing once it is closed, but still serves who reads', () => {
    const budget = { bytes: 0 };
    const log = createEventLog(budget);
    const early = log.open(createReader, PRIMED);
    log.close();
    const reader = createReader();
    const late = log.open(() => reader, PRIMED);
    for (const stream of [early, late]) stream.send(message('late'));
    late.finish();
    expect([reader.frames.length, reader.closed, budget.bytes]).toEqual([1, true, 0]);
    expect(replay(log, '2-0')).toBeUndefined();
  });
});
