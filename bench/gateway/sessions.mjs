import { residentMb } from '../daemon.mjs';
import { startOurs } from './ours.mjs';
import { everything } from './upstreams.mjs';

const SESSIONS = 1_000;
const ROUNDS = 3;
const SETTLE_MS = 1_000;
// limits.sessionsPerGrant is 64, and a grant is one workspace.
const WORKSPACES = 20;
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

/** Memory of the daemon for each session on one upstream, and what stays of it when they are over. */
export async function benchGatewaySessions() {
  console.log(`\n${SESSIONS} sessions on one upstream, resident memory of the daemon (target: no growth)`);
  for (const engine of ['uws', 'https']) {
    const ours = startOurs(engine, { everything: everything() });
    try {
      // The first sessions load what every later one shares.
      await endAll(await openMany(ours, WORKSPACES));
      for (let round = 1; round <= ROUNDS; round++) {
        await settle();
        const before = residentMb(ours.pid);
        const sessions = await openMany(ours, SESSIONS);
        await settle();
        const open = residentMb(ours.pid);
        await endAll(sessions);
        await settle();
        const after = residentMb(ours.pid);
        const each = (((open - before) / SESSIONS) * 1_024).toFixed(1);
        const mb = [before, open, after].map((value) => value.toFixed(0));
        console.log(
          `  ${engine.padEnd(6)} round ${round}: ${mb[0]} MB, with them ${mb[1]} MB (${each} KB each), after ${mb[2]} MB`,
        );
      }
    } finally {
      ours.stop();
    }
  }
}
