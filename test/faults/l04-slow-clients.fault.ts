import { memoryOf } from '../support/processes.ts';
import { lifeServer } from '../support/upstreams.ts';
import { waitFor } from '../support/wait-for.ts';
import { startCrowd } from './crowd.ts';
import { faultLine } from './line.ts';
import { startNormalCalls } from './normal-calls.ts';
import { startSubject } from './subject.ts';

const SLOW = { handshakes: 50, heads: 200, bodies: 200, streams: 100 };
/** So many tools make a list of 100 KB. */
const TOOLS = '300';
const CUT_MS = 35_000;
const P99_MS = 500;
const RSS_MB = 300;

faultLine(
  {
    number: 'L4',
    input: `${SLOW.heads} slow heads, ${SLOW.bodies} slow bodies, ${SLOW.streams} streams that nobody reads, ${SLOW.handshakes} half handshakes`,
    promised: `all cut within ${CUT_MS / 1_000} s, RSS below ${RSS_MB} MB, normal calls all answered, p99 below ${P99_MS} ms`,
  },
  async (engine) => {
    const servers = { big: lifeServer('many-tools', TOOLS) };
    const subject = await startSubject(engine, { servers });
    const { pid, port, ca, mint, open } = subject;
    const [token = '', ...tokens] = await mint(3);
    const normal = startNormalCalls(subject, token);
    await startCrowd('slow-clients').tell({ port, ca, tokens, path: '/mcp/big', ...SLOW });
    const sinceMs = performance.now();
    // The one that makes normal calls may be there.
    const isAlone = async (): Promise<boolean> => (await open()).connections <= 1;
    await waitFor('every slow client to be cut', isAlone, CUT_MS);
    const cutMs = performance.now() - sinceMs;
    const { calls, wrong, p99Ms } = await normal.stop();
    const { peak } = memoryOf(pid);
    return [
      { what: 'all cut after', seen: `${(cutMs / 1_000).toFixed(0)} s`, held: cutMs <= CUT_MS },
      { what: 'RSS at most', seen: `${peak.toFixed(0)} MB`, held: peak < RSS_MB },
      { what: 'wrong answers', seen: `${wrong} of ${calls}`, held: wrong === 0 },
      { what: 'p99', seen: `${p99Ms.toFixed(0)} ms`, held: p99Ms < P99_MS },
    ];
  },
);
