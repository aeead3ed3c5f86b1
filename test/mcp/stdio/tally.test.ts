import { expect, it, onTestFinished, vi } from 'vitest';
import { createTally } from '../../../src/mcp/stdio/tally.ts';

it('R54: a tally reports once a minute at the most, and only what is new', () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const reports: number[] = [];
  const tally = createTally((count) => reports.push(count));
  for (let index = 0; index < 1_000; index++) tally.add();
  vi.advanceTimersByTime(59_999);
  expect(reports).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(reports).toEqual([1_000]);
  tally.add();
  tally.flush();
  tally.flush();
  vi.advanceTimersByTime(120_000);
  expect(reports).toEqual([1_000, 1]);
});
