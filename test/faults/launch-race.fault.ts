import { existsSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { bootId, processStart } from '../../src/state.ts';
import type { Home } from '../support/home.ts';
import { ask } from '../support/oauth-client.ts';
import { installVersion } from '../support/other-version.ts';
import { findProcesses, isAlive } from '../support/processes.ts';
import { createProgramHome, PROGRAM, readState, runProgram } from '../support/program.ts';
import { type Outcome, run, start } from '../support/run.ts';
import { waitFor } from '../support/wait-for.ts';
import { faultLine, LONG } from './line.ts';

const LAUNCHERS = 20;
const ROUNDS = LONG ? 50 : 6;
/** As long as a launcher waits for a daemon that starts, and again for one that has to end first. */
const HANG_MS = 25_000;
const SECRET = { mode: 0o600 };

/** kill -9 of the daemon, if there is one. */
function killDaemon(home: Home): void {
  const { pid } = readState(home) ?? {};
  if (pid !== undefined && isAlive(pid)) process.kill(pid, 'SIGKILL');
}

/** What goes wrong while the launchers start, a round each. */
const TROUBLES: readonly ((home: Home, bystander: number) => Promise<unknown>)[] = [
  (home) => runProgram(home, ['stop']),
  async (home) => killDaemon(home),
  (home) => runProgram(home, ['restart']),
  /** A stale lock and a stale state, both with the pid of somebody else. */
  async (home, bystander) => {
    const state = readState(home);
    killDaemon(home);
    const lock = { token: 'stale', pid: bystander, procStart: '1', takenAt: Date.now() };
    writeFileSync(home.paths.startLock, JSON.stringify(lock), SECRET);
    const stale = { ...state, pid: bystander, procStart: processStart(bystander), bootId: bootId() };
    writeFileSync(home.paths.state, JSON.stringify(stale), SECRET);
  },
  /** Somebody else has the port for a moment, between two daemons. */
  async (home) => {
    const port = Number(home.env.CLAUDE_SECURE_PORT);
    killDaemon(home);
    const squatter = createServer((socket) => socket.destroy());
    await new Promise<void>((resolve) => {
      squatter.once('error', () => resolve());
      squatter.listen({ host: '127.0.0.1', port, exclusive: true }, () => setTimeout(resolve, 200));
    });
    await new Promise((resolve) => squatter.close(resolve));
  },
  async () => undefined,
];

interface Seen {
  launches: number;
  failed: string[];
  slowestMs: number;
  daemons: Set<number>;
}

async function timed(launch: () => Promise<Outcome>, seen: Seen): Promise<void> {
  const begun = performance.now();
  const { status, signal, stderr } = await launch();
  seen.launches++;
  seen.slowestMs = Math.max(seen.slowestMs, performance.now() - begun);
  if (status !== 0) seen.failed.push(`${signal ?? status} ${stderr}`.trim());
}

/** The processes that serve this home, once those that lost a race are gone. */
async function countServing(home: Home): Promise<number> {
  const find = (): number[] => findProcesses(home, '\0serve');
  await waitFor('the losers to end', () => find().length <= 1).catch(() => undefined);
  return find().length;
}

async function instanceIds(home: Home): Promise<Set<string>> {
  const answers = await Promise.all(Array.from({ length: 50 }, () => ask(home, { path: '/health' })));
  return new Set(answers.map(({ text }) => JSON.parse(text).instanceId));
}

faultLine(
  {
    number: 'L14',
    input: `${LAUNCHERS} launchers at once, ${ROUNDS} rounds, two versions: stop, kill, restart, stale lock, port taken`,
    promised: 'one daemon, one instance for all; nobody else killed; none hangs; no lock left',
    timeoutMs: 1_200_000,
  },
  async (engine) => {
    const home = await createProgramHome({ CLAUDE_SECURE_ENGINE: engine, CLAUDE_SECURE_CLAUDE: '/bin/true' });
    const versions = [PROGRAM, installVersion(home, '0.0.9')];
    const bystander = start(['sleep', '3600'], { env: {} });
    const seen: Seen = { launches: 0, failed: [], slowestMs: 0, daemons: new Set() };
    const launcher = (index: number) => () =>
      run([process.execPath, versions[index % 2] ?? PROGRAM, 'headers', 'code'], {
        env: home.env,
        cwd: home.dir,
      });
    const split: string[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const launches = Array.from({ length: LAUNCHERS }, (_, index) => timed(launcher(index), seen));
      await TROUBLES[round % TROUBLES.length]?.(home, bystander.pid);
      await Promise.all(launches);
      await timed(launcher(0), seen);
      const serving = await countServing(home);
      const instances = await instanceIds(home);
      if (serving !== 1 || instances.size !== 1)
        split.push(`round ${round}: ${serving} serve, ${instances.size} answer`);
      if (existsSync(home.paths.startLock)) split.push(`round ${round}: start.lock is left`);
    }
    const isSpared = isAlive(bystander.pid);
    bystander.kill('SIGKILL');
    return [
      { what: 'launches', seen: String(seen.launches), held: true },
      { what: 'split brain', seen: split.join('; ') || '0', held: split.length === 0 },
      { what: 'foreign kills', seen: isSpared ? '0' : '1', held: isSpared },
      { what: 'slowest launch', seen: `${Math.round(seen.slowestMs)} ms`, held: seen.slowestMs < HANG_MS },
      {
        what: 'launches refused',
        seen: `${seen.failed.length} ${[...new Set(seen.failed)].join(' / ')}`,
        held: true,
      },
    ];
  },
);
