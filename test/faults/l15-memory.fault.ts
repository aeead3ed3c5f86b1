import { execFileSync } from 'node:child_process';
import { type HttpsAnswer, httpsRequest } from '../support/https-request.ts';
import { type Kind, largestBodies } from '../support/largest-bodies.ts';
import { memoryOf, readProcessFile } from '../support/processes.ts';
import type { Daemon } from '../support/program.ts';
import { lifeServer, startServers } from '../support/upstreams.ts';
import { faultLine, type Reading } from './line.ts';

const BODIES = 64;
const HEAP_MIB = 128;
/** What the daemon may take beyond what it has when it has started. */
const SPACE_MIB = 384;
const RESIDENT_MIB = 512;
const KIB = 1_024;

/** RLIMIT_DATA: unlike RLIMIT_AS it does not count the gigabytes of addresses that WebAssembly reserves. */
function limitSpace(pid: number): void {
  const used = Number(/^VmData:\s+(\d+) kB/m.exec(readProcessFile(pid, 'status'))?.[1]);
  execFileSync('prlimit', [`--pid=${pid}`, `--data=${(used + SPACE_MIB * KIB) * KIB}`]);
}

/** An engine that refuses a body closes the connection, which a client that still sends may notice first. */
const isCut = (error: Error): boolean => /EPIPE|ECONNRESET/.test(error.message);

const isGood = ({ status, headers }: HttpsAnswer): boolean =>
  [429, 503].includes(status)
    ? Number(headers['retry-after']) > 0
    : [200, 201, 400, 401, 413].includes(status);

async function sendAll({ state, ca }: Daemon, { what, make }: Kind): Promise<Reading> {
  const answers = await Promise.all(
    Array.from({ length: BODIES }, (_, number) =>
      httpsRequest({ port: state.port, ca, method: 'POST', ...make(number) }).catch((error: Error) => error),
    ),
  );
  const counts = new Map<string | number, number>();
  for (const answer of answers) {
    const key = answer instanceof Error ? answer.message : answer.status;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return {
    what,
    seen: [...counts].map(([key, count]) => `${count} x ${key}`).join(', '),
    held: answers.every((answer) => (answer instanceof Error ? isCut(answer) : isGood(answer))),
  };
}

faultLine(
  {
    number: 'L15',
    input: `${BODIES} largest bodies of each kind at once, ${HEAP_MIB} MiB of heap, ${SPACE_MIB} MiB of data`,
    promised: `413, 429 or 503 with Retry-After where there is no room, at most ${RESIDENT_MIB} MiB, no end by want of memory`,
  },
  async (engine) => {
    const served = await startServers(
      { slow: lifeServer() },
      { CLAUDE_SECURE_ENGINE: engine, NODE_OPTIONS: `--max-old-space-size=${HEAP_MIB}` },
    );
    const { daemon } = served;
    const { port, pid } = daemon.state;
    const kinds = await largestBodies(served, 'slow');
    limitSpace(pid);
    const readings: Reading[] = [];
    for (const kind of kinds) readings.push(await sendAll(daemon, kind));
    const health = await httpsRequest({ port, ca: daemon.ca, path: '/health' });
    const { peak } = memoryOf(pid);
    return [
      ...readings,
      {
        what: 'the same process answers',
        seen: `${health.status}`,
        held: JSON.parse(health.text).pid === pid,
      },
      { what: 'memory', seen: `${Math.round(peak)} MiB`, held: peak < RESIDENT_MIB },
    ];
  },
);
