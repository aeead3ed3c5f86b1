import { lifeServer } from '../support/upstreams.ts';
import { startCrowd } from './crowd.ts';
import { faultLine, LONG } from './line.ts';
import { heapOf, rssOf } from './meter.ts';
import { startSubject } from './subject.ts';

const CLIENTS = 1_000;
/** limits.sessionsPerGrant is 64. */
const GRANTS = 20;
const PACED_SECONDS = LONG ? 180 : 20;
const SATURATED_SECONDS = 8;
const EVERY_MS = 1_000;
const P99_MS = 100;
const SLOPE_MB = 1;

/** What the helper says of a run. */
interface Run {
  readonly calls: number;
  readonly rate: number;
  readonly wrong: number;
  readonly example: string | undefined;
  readonly p50: number;
  readonly p99: number;
}

const timesOf = ({ p50, p99 }: Run): string => `p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms`;

faultLine(
  {
    number: 'L1',
    input: `${CLIENTS} keep-alive clients with a session each call a stdio server's tool, once a second for ${PACED_SECONDS} s, and before that as fast as they can`,
    promised: `every call answered with its own result; paced: p99 below ${P99_MS} ms, heap slope below ${SLOPE_MB} MB/min`,
    timeoutMs: 120_000 + PACED_SECONDS * 1_000,
  },
  async (engine) => {
    const { home, pid, port, ca, mint } = await startSubject(engine, { servers: { life: lifeServer() } });
    const crowd = startCrowd('call-clients');
    const tokens = await mint(GRANTS);
    await crowd.tell({ port, ca, path: '/mcp/life', tokens, clients: CLIENTS, tool: 'echo' });
    // First the flood: what it makes the daemon take warms the heap up.
    const saturated = await crowd.tell<Run>({ seconds: SATURATED_SECONDS });
    await crowd.tell({ seconds: 2, everyMs: EVERY_MS });
    const [heapBefore, rssBefore] = [await heapOf(pid, home), rssOf(pid)];
    const paced = await crowd.tell<Run>({ seconds: PACED_SECONDS, everyMs: EVERY_MS });
    const [heapAfter, rssAfter] = [await heapOf(pid, home), rssOf(pid)];
    await crowd.leave();
    const slope = ((heapAfter - heapBefore) / PACED_SECONDS) * 60;
    const wrong = paced.wrong + saturated.wrong;
    return [
      {
        what: 'wrong answers',
        seen: `${wrong} of ${paced.calls + saturated.calls}${wrong > 0 ? `: ${paced.example ?? saturated.example}` : ''}`,
        held: wrong === 0,
      },
      { what: 'paced:', seen: timesOf(paced), held: paced.p99 < P99_MS },
      { what: 'heap', seen: `${slope.toFixed(2)} MB/min`, held: slope < SLOPE_MB },
      { what: 'RSS', seen: `${rssBefore.toFixed(0)} to ${rssAfter.toFixed(0)} MB`, held: true },
      {
        what: 'as fast as they can:',
        seen: `${saturated.rate.toFixed(0)}/s, ${timesOf(saturated)}`,
        held: true,
      },
    ];
  },
);
