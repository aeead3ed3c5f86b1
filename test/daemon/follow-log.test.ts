import {
  appendFileSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { followLog, readLastLines } from '../../src/daemon/follow-log.ts';
import { openLog } from '../../src/log.ts';

function createFile(): string {
  const dir = mkdtempSync(join(tmpdir(), 'claude-secure-follow-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return join(dir, 'daemon.log');
}

/** The next lines of a follower, one call after the other. */
function follow(file: string, lines: number) {
  const stop = new AbortController();
  onTestFinished(() => stop.abort());
  const follower = followLog(file, { lines, signal: stop.signal });
  return {
    stop,
    async next(count: number): Promise<string[]> {
      const taken: string[] = [];
      while (taken.length < count) taken.push((await follower.next()).value ?? 'the end');
      return taken;
    },
  };
}

describe('readLastLines', () => {
  it.each([
    ['no lines', '', 3, []],
    ['fewer than asked for', 'a\nb\n', 3, ['a', 'b']],
    ['more than asked for', 'a\nb\nc\nd\n', 3, ['b', 'c', 'd']],
    ['a last line under way', 'a\nb\nhal', 3, ['a', 'b']],
    ['none asked for', 'a\n', 0, []],
    ['empty lines', 'a\n\nb\n', 3, ['a', '', 'b']],
  ])('%s', (_, text, count, expected) => {
    const file = createFile();
    writeFileSync(file, text);
    expect(readLastLines(file, count)).toEqual(expected);
  });

  it('begins with a whole line in a file of any size', () => {
    const file = createFile();
    const lines = Array.from({ length: 3_000 }, (_, index) => `${index} ${'x'.repeat(1_000)}`);
    writeFileSync(file, `${lines.join('\n')}\n`);
    expect(readLastLines(file, 5)).toEqual(lines.slice(-5));
    const all = readLastLines(file, 5_000);
    expect(all).toEqual(lines.slice(-all.length));
  });

  it('of no file, or through a planted symlink, are none', () => {
    const file = createFile();
    expect(readLastLines(file, 3)).toEqual([]);
    symlinkSync('/etc/passwd', file);
    expect(readLastLines(file, 3)).toEqual([]);
  });

  it('R56: move no cursor', () => {
    const file = createFile();
    writeFileSync(file, 'a\u001b[2J\u202eb\rc\n');
    expect(readLastLines(file, 1)).toEqual(['a\\u001b[2J\\u202eb\\u000dc']);
  });
});

describe('followLog', () => {
  it('gives the last lines, then new ones as they come, a line in pieces once it is whole', async () => {
    const file = createFile();
    writeFileSync(file, 'a\nb\nc\nhal');
    const log = follow(file, 2);
    expect(await log.next(2)).toEqual(['b', 'c']);
    const next = log.next(2);
    appendFileSync(file, 'f\nd');
    appendFileSync(file, '\u001b[2J\n');
    expect(await next).toEqual(['half', 'd\\u001b[2J']);
  });

  it('waits for a file that does not exist yet', async () => {
    const file = createFile();
    const next = follow(file, 5).next(1);
    writeFileSync(file, 'first\n');
    expect(await next).toEqual(['first']);
  });

  it('loses no line when the log rotates', async () => {
    const file = createFile();
    const writer = openLog(file, 'info', 2_000);
    onTestFinished(() => writer.close());
    writer.info('before');
    const log = follow(file, 1);
    await log.next(1);
    const events: string[] = [];
    for (let index = 0; index < 60; index++) {
      writer.info(`event-${index}`);
      const [line = ''] = await log.next(1);
      events.push(JSON.parse(line).event);
    }
    expect(events).toEqual(Array.from({ length: 60 }, (_, index) => `event-${index}`));
  });

  it('reads the renamed file to its end before the new one', async () => {
    const file = createFile();
    writeFileSync(file, 'a\n');
    const log = follow(file, 1);
    await log.next(1);
    const next = log.next(3);
    appendFileSync(file, 'b\nc\n');
    renameSync(file, `${file}.1`);
    writeFileSync(file, 'd\n');
    expect(await next).toEqual(['b', 'c', 'd']);
  });

  it('begins anew in a file that was cut', async () => {
    const file = createFile();
    writeFileSync(file, 'a\nb\n');
    const log = follow(file, 1);
    await log.next(1);
    truncateSync(file);
    const next = log.next(1);
    appendFileSync(file, 'c\n');
    expect(await next).toEqual(['c']);
  });

  it('ends on abort', async () => {
    const file = createFile();
    const log = follow(file, 1);
    const next = log.next(1);
    log.stop.abort();
    expect(await next).toEqual(['the end']);
  });
});
