import { describe, expect, it } from 'vitest';
import { durationText, momentText } from '../../src/cli/time-text.ts';

describe('time for people', () => {
  it.each([
    [-1, '0 s'],
    [59_000, '59 s'],
    [60_000, '1 min'],
    [7_199_000, '1 h'],
    [172_800_000, '2 d'],
  ])('says %d ms as %s', (ms, expected) => {
    expect(durationText(ms)).toBe(expected);
  });

  it('says a moment to the minute, in the time zone of the machine', () => {
    const local = new Date(2026, 10, 22, 8, 5, 59);
    expect(momentText(local.toISOString())).toBe('2026-11-22 08:05');
  });

  it('leaves what is no moment as it is', () => {
    expect(momentText('soon')).toBe('soon');
  });
});
