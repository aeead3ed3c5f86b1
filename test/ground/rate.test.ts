import { describe, expect, it } from 'vitest';
import { limits } from '../../src/limits.ts';
import { createRateLimiter } from '../../src/rate.ts';

function createClock(): { now: () => number; pass: (ms: number) => void } {
  let nowMs = 5_000;
  return {
    now: () => nowMs,
    pass(ms) {
      nowMs += ms;
    },
  };
}

describe('createRateLimiter', () => {
  it('R11b: lets the allowed number through, then names the seconds to wait', () => {
    const clock = createClock();
    const limiter = createRateLimiter(3, clock.now);
    expect([1, 2, 3].map(() => limiter.take('a'))).toEqual([undefined, undefined, undefined]);
    expect(limiter.take('a')).toBe(60);
    clock.pass(59_500);
    expect(limiter.take('a')).toBe(1);
    clock.pass(500);
    expect(limiter.take('a')).toBeUndefined();
  });

  it('counts each key on its own', () => {
    const limiter = createRateLimiter(1, createClock().now);
    limiter.take('a');
    expect(limiter.take('a')).toBe(60);
    expect(limiter.take('b')).toBeUndefined();
  });

  it('R45: a wall clock that jumps opens no new minute', () => {
    const limiter = createRateLimiter(1);
    limiter.take('a');
    const realNow = Date.now;
    Date.now = () => realNow() + 86_400_000;
    try {
      expect(limiter.take('a')).toBeGreaterThan(0);
    } finally {
      Date.now = realNow;
    }
  });

  it('does not grow with the number of keys', () => {
    const limiter = createRateLimiter(1, createClock().now);
    for (let index = 0; index <= limits.connections; index++) limiter.take(`key-${index}`);
    // The map began again with the key that found it full; older keys are forgotten.
    expect(limiter.take(`key-${limits.connections}`)).toBe(60);
    expect(limiter.take('key-0')).toBeUndefined();
  });
});
