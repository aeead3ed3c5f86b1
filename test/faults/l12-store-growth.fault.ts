import { createProgramHome, type Daemon, startDaemon } from '../support/program.ts';
import { startCrowd } from './crowd.ts';
import { faultLine, LONG } from './line.ts';
import { rssOf } from './meter.ts';

const COUNTS = LONG
  ? { workspaces: 2_000, refreshes: 1_000_000, registrations: 100_000, authorizations: 100_000 }
  : { workspaces: 500, refreshes: 10_000, registrations: 4_000, authorizations: 10_000 };
const STORE_MIB = 20;
const RSS_MIB = 150;
const START_MS = 1_000;
const STALL_MS = 50;

interface Grown {
  readonly stallMs: number;
  readonly largestMib: number;
  readonly rssMib: number;
  readonly pending: number;
}

async function stop({ running }: Daemon): Promise<void> {
  running.kill('SIGTERM');
  await running.ended;
}

faultLine(
  {
    number: 'L12',
    input: `${COUNTS.refreshes} refreshes, ${COUNTS.registrations} registrations, ${COUNTS.authorizations} abandoned sign-ins, tokens for ${COUNTS.workspaces} directories`,
    promised: `store below ${STORE_MIB} MB, RSS below ${RSS_MIB} MB, no stall of ${STALL_MS} ms, start within ${START_MS / 1_000} s, what expired gone at the next purge (10 min)`,
    engines: ['uws'],
    timeoutMs: LONG ? 6 * 3_600_000 : 240_000,
  },
  async (engine) => {
    const home = await createProgramHome({ CLAUDE_SECURE_ENGINE: engine });
    const { url, ...first } = await startDaemon(home);
    await stop({ url, ...first });
    const { store, signingKeys } = home.paths;
    const begin = async () => {
      const crowd = startCrowd('growing-store');
      await crowd.tell({ store, signingKeys, issuer: url });
      return crowd;
    };

    const growing = await begin();
    const { stallMs, largestMib, rssMib, pending } = await growing.tell<Grown>({ grow: COUNTS });
    await growing.leave();
    const sinceMs = performance.now();
    const full = await startDaemon(home);
    const startMs = performance.now() - sinceMs;
    const daemonMib = rssOf(full.state.pid);
    await stop(full);
    const expiring = await begin();
    const { before, after } = await expiring.tell<{ before: number; after: number }>({ expire: true });
    await expiring.leave();

    const rss = Math.max(rssMib, daemonMib);
    return [
      { what: 'store at most', seen: `${largestMib.toFixed(1)} MB`, held: largestMib < STORE_MIB },
      { what: 'RSS', seen: `${rssMib.toFixed(0)} MB, then ${daemonMib.toFixed(0)} MB`, held: rss < RSS_MIB },
      { what: 'longest stall', seen: `${stallMs.toFixed(0)} ms`, held: stallMs < STALL_MS },
      { what: 'sign-ins that wait', seen: String(pending), held: pending <= 100 },
      { what: 'start', seen: `${startMs.toFixed(0)} ms`, held: startMs < START_MS },
      // What is left are the clients that the owner approved.
      { what: 'records', seen: `${before}, a year later ${after}`, held: after <= 50 },
    ];
  },
);
