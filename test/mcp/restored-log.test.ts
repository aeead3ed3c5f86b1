import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { limits } from '../../src/limits.ts';
import { createEventLog, type EventLog } from '../../src/mcp/event-log.ts';
import { createJournal } from '../../src/mcp/journal.ts';
import type { JsonRpcMessage } from '../../src/mcp/json-rpc.ts';
import { openStore } from '../../src/store/store.ts';
import { quiet, startLog } from './journaled-log.ts';
import { createMemoryRecords } from './memory-records.ts';
import { createReader } from './recording-reader.ts';

const notice = (text: string): JsonRpcMessage => ({ jsonrpc: '2.0', method: 'x', params: { text } });
const cutOff = (id: string | number): JsonRpcMessage => ({
  jsonrpc: '2.0',
  id,
  error: { code: -32_603, message: 'the server was restarted during the call' },
});

/** What a reader who comes back after the event gets, without ids, and whether it then is done; undefined for nobody. */
function resume(log: EventLog, id: string): { messages: JsonRpcMessage[]; closed: boolean } | undefined {
  const reader = createReader();
  if (!log.resume(id, () => reader)) return undefined;
  return {
    messages: reader.frames.map((frame) => JSON.parse(frame.split('data: ')[1]!)),
    closed: reader.closed,
  };
}

const STANDALONE = { isPrimed: true, owed: [] } as const;

describe('a restored event log', () => {
  it('answers the calls that the restart cut off, each on its stream, and goes on with the standalone one', async () => {
    const records = createMemoryRecords();
    const before = await startLog(records);
    const call = before.log.open(createReader, { isPrimed: true, owed: [0, 'constructor', 2] });
    before.log.open(createReader, STANDALONE).send(notice('before'));
    call.send({ jsonrpc: '2.0', id: 0, result: {} });
    await before.settled();

    const { log } = await startLog(records);
    const messages = [cutOff('constructor'), cutOff(2)];
    expect(resume(log, '1-1')).toEqual({ messages, closed: true });
    log.standalone!.send(notice('after'));
    expect(resume(log, '2-0')).toEqual({ messages: [notice('before'), notice('after')], closed: false });
    expect(log.isRead()).toBe(true);
  });

  it('uses no number twice, even of what the last daemon sent and could not write', async () => {
    const records = createMemoryRecords();
    const before = await startLog(records);
    const stream = before.log.open(createReader, STANDALONE);
    before.log.open(createReader, { isPrimed: true, owed: [1] });
    stream.send(notice('1'));
    await before.settled();
    records.failure = new Error('killed');
    stream.send(notice('2'));
    before.log.open(createReader, STANDALONE);
    await before.settled();
    records.failure = undefined;

    const { log } = await startLog(records);
    log.standalone!.send(notice('3'));
    expect(resume(log, '1-2')?.messages).toEqual([notice('3')]);
    expect(resume(log, '2-1')?.messages).toEqual([cutOff(1)]);
    const reader = createReader();
    log.open(() => reader, STANDALONE).send(notice('4'));
    expect(reader.frames[0]).toMatch(/^id: 1000000001-1\n/);
    expect(resume(log, '3-0')).toBeUndefined();
  });

  it('the events of all sessions together stay within the budget', async () => {
    const records = createMemoryRecords();
    const before = await startLog(records);
    const stream = before.log.open(createReader, STANDALONE);
    for (const text of ['1', '2']) stream.send(notice(text));
    await before.settled();
    const budget = { bytes: limits.replayTotalBytes - 100 };
    const after = await startLog(records, budget);
    expect(budget.bytes).toBeLessThanOrEqual(limits.replayTotalBytes);
    expect(resume(after.log, '1-0')).toBeUndefined();
    expect(resume(after.log, '1-1')?.messages).toEqual([notice('2')]);
    await after.settled();
    expect([...records.map.keys()].filter((key) => key.includes('/event/'))).toHaveLength(1);
  });

  it('a closed log of a daemon that stops is there again in the next', async () => {
    const records = createMemoryRecords();
    const before = await startLog(records);
    const call = before.log.open(createReader, { isPrimed: true, owed: [1] });
    before.log.close();
    call.finish();
    await before.settled();
    expect(resume((await startLog(records)).log, '1-0')?.messages).toEqual([cutOff(1)]);
  });

  it('L11: everything that was settled before kill -9 is there', async () => {
    const directory = join(mkdtempSync(join(tmpdir(), 'claude-secure-journal-')), 'store');
    onTestFinished(() => rmSync(join(directory, '..'), { recursive: true, force: true }));
    const program = fileURLToPath(new URL('../fixtures/journal.mjs', import.meta.url));
    const child = spawn(process.execPath, [program, directory], { stdio: ['ignore', 'pipe', 'inherit'] });
    onTestFinished(() => void child.kill('SIGKILL'));
    let output = '';
    for await (const chunk of child.stdout) {
      output += chunk;
      if (output.split('\n').length > 300) child.kill('SIGKILL');
    }
    const last = Number(output.split('\n').at(-2));
    expect(last).toBeGreaterThan(limits.replayEvents);

    const store = await openStore(directory, quiet);
    onTestFinished(() => store.close());
    const [session] = await createJournal({ records: store, log: quiet }).readSessions();
    expect(session?.record).toEqual({ grantId: 'g1' });
    const log = createEventLog({ bytes: 0 }, { restored: session!.streams });
    expect(resume(log, `2-${last - 10}`)?.messages.slice(0, 10)).toEqual(
      Array.from({ length: 10 }, (_, index) => ({
        jsonrpc: '2.0',
        method: 'x',
        params: { number: last - 9 + index },
      })),
    );
    expect(resume(log, '1-0')?.messages).toEqual([cutOff('call')]);
  });
});
