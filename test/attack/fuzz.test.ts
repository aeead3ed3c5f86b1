import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import seeds from '../corpus/fuzz-seeds.json' with { type: 'json' };
import { startAttacked } from '../support/attacked.ts';
import { fuzzHttp } from '../support/fuzz-http.ts';
import { fuzzTargets } from '../support/fuzz-parsers.ts';
import { createHome } from '../support/home.ts';
import { ENGINES } from '../support/listen.ts';

const RUNS = 300;
const REQUESTS = 300;

describe.each(ENGINES)('mutated requests to the built daemon on %s', (engine) => {
  it('L16: none crashes it, holds others up or gets what it does not deserve', async () => {
    const attacked = await startAttacked(engine);
    const { sent, wrong } = await fuzzHttp(attacked, seeds.seeds[0]!, { rounds: REQUESTS });
    expect(wrong).toEqual([]);
    expect(sent).toBeGreaterThanOrEqual(REQUESTS);
    await attacked.expectAlive();
  });
});

it('L16: whatever they are given, the readers of hostile text keep what they promise', async () => {
  for (const { property } of await fuzzTargets(createHome().dir)) {
    for (const seed of seeds.seeds) await fc.assert(await property(), { seed, numRuns: RUNS });
  }
});
