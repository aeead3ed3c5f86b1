import fc from 'fast-check';
import seeds from '../corpus/fuzz-seeds.json' with { type: 'json' };
import { startAttacked } from '../support/attacked.ts';
import { fuzzHttp } from '../support/fuzz-http.ts';
import { fuzzTargets } from '../support/fuzz-parsers.ts';
import { createHome } from '../support/home.ts';
import { faultLine, LONG, type Reading } from './line.ts';

const HALF_HOUR_MS = 1_800_000;
const HTTP_MS = LONG ? HALF_HOUR_MS : 25_000;
const PARSER_MS = LONG ? HALF_HOUR_MS : 2_000;
const PARSERS = 8;
const START_MS = 60_000;
/** Nobody waits longer. */
const HANG_MS = 1_000;

/** Another one in every run; the table names it, so that a run can be had again. */
const seed = LONG ? Date.now() % 2 ** 31 : seeds.seeds[1]!;

faultLine(
  {
    number: 'L16',
    input: `mutated raw requests for ${HTTP_MS / 1_000} s`,
    promised: '0 crash, 0 hang > 1 s, 0 5xx, 2xx only where it is deserved',
    timeoutMs: HTTP_MS + START_MS,
  },
  async (engine) => {
    const attacked = await startAttacked(engine);
    const { sent, answered, longestMs, wrong } = await fuzzHttp(attacked, seed, { forMs: HTTP_MS });
    await attacked.expectAlive();
    return [
      { what: 'requests', seen: `${sent} (${answered} answered, seed ${seed})`, held: sent > 0 },
      { what: 'longest wait of others', seen: `${Math.round(longestMs)} ms`, held: longestMs < HANG_MS },
      { what: 'wrong', seen: wrong.slice(0, 3).join('; ') || '0', held: wrong.length === 0 },
    ];
  },
);

faultLine(
  {
    number: 'L16',
    input: `hostile text to each of ${PARSERS} parsers for ${PARSER_MS / 1_000} s`,
    promised: '0 crash, 0 hang > 1 s, 0 forged tokens',
    engines: ['https'],
    timeoutMs: PARSERS * PARSER_MS + START_MS,
  },
  async () => {
    const readings: Reading[] = [];
    for (const { name, property } of await fuzzTargets(createHome().dir)) {
      const { failed, numRuns, counterexample, errorInstance } = await fc.check(await property(), {
        seed,
        numRuns: Number.MAX_SAFE_INTEGER,
        interruptAfterTimeLimit: PARSER_MS,
        timeout: HANG_MS,
      });
      const seen = failed ? `${JSON.stringify(counterexample)} ${errorInstance}` : `${numRuns} runs`;
      readings.push({ what: name, seen, held: !failed });
    }
    return readings;
  },
);
