import { writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { clearFailedStarts, recordFailedStart, startPauseMs } from '../../src/daemon/crash.ts';
import { limits } from '../../src/limits.ts';
import { createHome } from '../support/home.ts';

const MINUTE = 60_000;
const NOW = 1_800_000_000_000;

const createFile = (): string => `${createHome().dir}/crash.json`;

function failTimes(file: string, count: number, now: number): void {
  for (let index = 0; index < count; index++) recordFailedStart(file, now);
}

it('a few failed starts pause nothing, one more a minute', () => {
  const file = createFile();
  expect(startPauseMs(file, NOW)).toBe(0);
  failTimes(file, limits.crashesInWindow, NOW);
  expect(startPauseMs(file, NOW)).toBe(0);
  recordFailedStart(file, NOW);
  expect(startPauseMs(file, NOW)).toBe(MINUTE);
  expect(startPauseMs(file, NOW + MINUTE)).toBe(0);
});

it('failures spread over a longer time pause nothing', () => {
  const file = createFile();
  for (let index = 0; index < 20; index++) recordFailedStart(file, NOW + index * 20_000);
  expect(startPauseMs(file, NOW + 19 * 20_000)).toBe(0);
});

it('each relapse doubles the pause, up to ten minutes, until a start succeeds', () => {
  const file = createFile();
  failTimes(file, limits.crashesInWindow, NOW);
  let now = NOW;
  const pauses: number[] = [];
  for (let relapse = 0; relapse < 6; relapse++) {
    recordFailedStart(file, now);
    const pause = startPauseMs(file, now);
    pauses.push(pause / MINUTE);
    now += pause;
  }
  expect(pauses).toEqual([1, 2, 4, 8, 10, 10]);
  clearFailedStarts(file);
  failTimes(file, limits.crashesInWindow, now);
  expect(startPauseMs(file, now)).toBe(0);
});

it('a clock that was set back does not pause for hours', () => {
  const file = createFile();
  failTimes(file, limits.crashesInWindow + 1, NOW);
  expect(startPauseMs(file, NOW - 3_600_000)).toBe(0);
});

it.each(['', '{', 'null', '[]', '{"failedAt":3}', '{"failedAt":["x"],"blockedUntil":1,"nextPauseMs":1}'])(
  'a record of %j counts as none',
  (text) => {
    const file = createFile();
    writeFileSync(file, text, { mode: 0o600 });
    expect(startPauseMs(file, NOW)).toBe(0);
    failTimes(file, limits.crashesInWindow, NOW);
    expect(startPauseMs(file, NOW)).toBe(0);
  },
);
