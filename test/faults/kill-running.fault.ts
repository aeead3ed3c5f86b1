import { readdirSync } from 'node:fs';
import type { Home } from '../support/home.ts';
import { isAlive } from '../support/processes.ts';
import { createProgramHome, type Daemon, startDaemon } from '../support/program.ts';
import {
  attachStrace,
  callText,
  faultAt,
  onCurrentLog,
  recordCalls,
  type SystemCall,
} from '../support/strace.ts';
import { lifeServer, startServers } from '../support/upstreams.ts';
import { waitFor } from '../support/wait-for.ts';
import { type Attempt, LOGIN_OPERATIONS } from './kill-operations.ts';
import { SESSION_OPERATIONS } from './kill-session.ts';
import { faultLine, LONG, type Reading } from './line.ts';

/** Every point in a long run; in a short one each third, which still meets each kind of call. */
const STRIDE = LONG ? 1 : 3;
const START_MS = 3_000;
/** How long after its answer an operation may go on writing. */
const AFTERWARDS_MS = 300;

/** Runs the operation under a daemon that dies at that call; gives false if it never came to it. */
async function killAt(
  home: Home,
  { state, running }: Daemon,
  { call, act }: { call: SystemCall; act(): Promise<unknown> },
): Promise<boolean> {
  const detach = await attachStrace(state.pid, faultAt(home, onCurrentLog(home, call), 'signal=KILL'));
  await act().catch(() => undefined);
  const wasReached = await waitFor('its death', () => !isAlive(state.pid), AFTERWARDS_MS).catch(() => false);
  running.kill('SIGKILL');
  await running.ended;
  await detach();
  return wasReached;
}

/** Kills the daemon of this home at each point of each operation, each time under the one that was started last. */
async function killAtEach(
  home: Home,
  first: Daemon,
  operations: Readonly<Record<string, () => Promise<Attempt>>>,
): Promise<Reading[]> {
  let daemon = first;
  const seen = { points: 0, reached: 0, slowestMs: 0 };
  const broken: string[] = [];
  for (const [name, prepare] of Object.entries(operations)) {
    const calls = await recordCalls(home, daemon.state.pid, (await prepare()).act);
    for (const call of calls.filter((_, index) => index % STRIDE === 0)) {
      const attempt = await prepare();
      seen.points++;
      if (await killAt(home, daemon, { call, act: attempt.act })) seen.reached++;
      const begun = performance.now();
      daemon = await startDaemon(home);
      seen.slowestMs = Math.max(seen.slowestMs, performance.now() - begun);
      await attempt.check().catch((error) => broken.push(`${name}, ${callText(call)}: ${error}`));
    }
  }
  const aside = readdirSync(home.paths.root).filter((name) => name.includes('corrupt'));
  return [
    { what: 'killed at', seen: `${seen.reached} points`, held: seen.reached > 0.9 * seen.points },
    { what: 'slowest start', seen: `${Math.round(seen.slowestMs)} ms`, held: seen.slowestMs < START_MS },
    { what: 'promises broken', seen: broken.join('; ') || '0', held: broken.length === 0 },
    { what: 'stores set aside', seen: String(aside.length), held: aside.length === 0 },
  ];
}

const bind = <A>(operations: Readonly<Record<string, (argument: A) => Promise<Attempt>>>, argument: A) =>
  Object.fromEntries(Object.entries(operations).map(([name, prepare]) => [name, () => prepare(argument)]));

/** One thread for the database: its calls then come in the same order each time. */
const environment = (engine: string) => ({ CLAUDE_SECURE_ENGINE: engine, UV_THREADPOOL_SIZE: '1' });

faultLine(
  {
    number: 'L11',
    input: 'kill -9 at each write, fsync and answer of what changes a login',
    promised:
      'next start < 3 s; each grant wholly old or wholly new; one live refresh token; a 200 revoke stays',
    timeoutMs: 600_000,
  },
  async (engine) => {
    const home = await createProgramHome(environment(engine));
    return killAtEach(home, await startDaemon(home), bind(LOGIN_OPERATIONS, home));
  },
);

faultLine(
  {
    number: 'L11',
    input: 'kill -9 at each write, fsync and answer of what changes a session',
    promised: 'next start < 3 s; an answered session goes on; a missed answer comes; a deleted one is gone',
    timeoutMs: 600_000,
  },
  async (engine) => {
    const { home, daemon, at } = await startServers({ life: lifeServer() }, environment(engine));
    return killAtEach(home, daemon, bind(SESSION_OPERATIONS, at('life')));
  },
);
