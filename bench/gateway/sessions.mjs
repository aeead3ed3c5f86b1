import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { residentMb } from '../daemon.mjs';
import { startOursWith } from './ours.mjs';
import { waitUntil } from './processes.mjs';
import { everything } from './upstreams.mjs';

const SESSIONS = 1_000;
const ROUNDS = 3;
const SETTLE_MS = 1_000;
// limits.sessionsPerGrant is 64, and a grant is one workspace.
const WORKSPACES = 20;
const REPORT_HEAP = new URL('../report-heap.mjs', import.meta.url).href;
/** So many connections at once. */
const BATCH = 20;

const settle = () => new Promise((resolve) => setTimeout(resolve, SETTLE_MS));

async function openMany(ours, count) {
  const sessions = [];
  while (sessions.length < count) {
    const batch = Array.from({ length: BATCH }, (_, index) =>
      ours.openSession('everything', `/w${index % WORKSPACES}`),
    );
    const opened = await Promise.all(batch);
    for (const session of opened) session.close();
    sessions.push(...opened);
  }
  return sessions;
}

async function endAll(sessions) {
  while (sessions.length > 0) await Promise.all(sessions.splice(0, BATCH).map((session) => session.end()));
}

/** MB of the daemon's heap without its garbage, of which there is more than of anything else (measured). */
async function heapMb({ pid }, file) {
  await settle();
  rmSync(file, { force: true });
  process.kill(pid, 'SIGUSR2');
  return Number(await waitUntil(() => readFileSync(file, 'utf8'))) / 1_048_576;
}

async function measureRounds(engine, ours, file) {
  // The first sessions load what every later one shares.
  await endAll(await openMany(ours, WORKSPACES));
  let before = await heapMb(ours, file);
  for (let round = 1; round <= ROUNDS; round++) {
    const sessions = await openMany(ours, SESSIONS);
    const open = await heapMb(ours, file);
    const rss = residentMb(ours.pid).toFixed(0);
    await endAll(sessions);
    const after = await heapMb(ours, file);
    const each = (((open - before) / SESSIONS) * 1_024).toFixed(1);
    const mb = [before, open, after].map((value) => value.toFixed(1));
    console.log(
      `  ${engine.padEnd(6)}${round}: ${mb[0]} MB, with them ${mb[1]} (${each} KB each), after ${mb[2]}; RSS ${rss} MB`,
    );
    before = after;
  }
}

/** What a session takes in the daemon, and what stays of it when it is over. Target: nothing. */
export async function benchGatewaySessions() {
  console.log(`\n${SESSIONS} sessions on one upstream, opened and ended ${ROUNDS} times, heap of the daemon`);
  const dir = mkdtempSync(join(tmpdir(), 'claude-secure-bench-'));
  const file = join(dir, 'heap');
  try {
    for (const engine of ['uws', 'https']) {
      const upstreams = { everything: everything() };
      const ours = await startOursWith(REPORT_HEAP, engine, { upstreams, env: { HEAP_REPORT: file } });
      try {
        await measureRounds(engine, ours, file);
      } finally {
        await ours.stop();
      }
    }
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}
