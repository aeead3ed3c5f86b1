import { appendFileSync, cpSync, existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { limits } from '../../src/limits.ts';
import { approveAsOwner, mintFor } from '../support/control.ts';
import type { Home } from '../support/home.ts';
import { refresh, signIn, useToken } from '../support/oauth-client.ts';
import {
  createProgramHome,
  type Daemon,
  programCommand,
  readState,
  startDaemon,
} from '../support/program.ts';
import { endProcessesOf, start } from '../support/run.ts';
import { callText, faultAt, recordStart, underStrace } from '../support/strace.ts';
import { waitFor } from '../support/wait-for.ts';
import { faultLine, LONG, type Reading } from './line.ts';

/** Every point in a long run; in a short one each fourth. */
const STRIDE = LONG ? 1 : 4;
const START_MS = 3_000;
const SERVE = programCommand(['serve']);
const ONE_THREAD = { CLAUDE_SECURE_ENGINE: 'uws', UV_THREADPOOL_SIZE: '1' };

interface Scenario {
  /** Puts the home as it is before each start. */
  reset(): void;
  /** What must hold once the next start serves; `before` is what stood after the kill. */
  check(daemon: Daemon, before: ReadonlyMap<string, string>): Promise<void>;
}

/** The keys that stand there now. */
function readSecrets({ paths }: Home): Map<string, string> {
  const files = [paths.authority, paths.ownerSecret, paths.signingKeys].filter((file) => existsSync(file));
  return new Map(files.map((file) => [file, readFileSync(file, 'utf8')]));
}

/** Kills the start at each of its writes, and starts again unaided. */
async function killAtEach(home: Home, { reset, check }: Scenario): Promise<Reading[]> {
  reset();
  const stale = readState(home)?.instanceId;
  const findServing = (): number | undefined => {
    const state = readState(home);
    return state?.instanceId === stale ? undefined : state?.pid;
  };
  const calls = await recordStart(home, SERVE, findServing);
  const seen = { points: 0, reached: 0, slowestMs: 0 };
  const broken: string[] = [];
  for (const call of calls.filter((_, index) => index % STRIDE === 0)) {
    reset();
    seen.points++;
    const killed = start(underStrace(faultAt(home, call, 'signal=KILL'), SERVE), {
      env: home.env,
      cwd: home.dir,
    });
    const outcome = waitFor('it to serve', findServing, START_MS).catch(() => undefined);
    const end = await Promise.race([killed.ended, outcome]);
    if (typeof end === 'object') seen.reached++;
    await endProcessesOf(home.dir);
    await killed.ended;
    const before = readSecrets(home);
    const begun = performance.now();
    const daemon = await startDaemon(home);
    seen.slowestMs = Math.max(seen.slowestMs, performance.now() - begun);
    await check(daemon, before).catch((error) => broken.push(`${callText(call)}: ${error}`));
    daemon.running.kill('SIGKILL');
    await daemon.running.ended;
  }
  return [
    {
      what: 'killed at',
      seen: `${seen.reached} of ${seen.points} points`,
      // The order of the database's own calls is not always the same.
      held: seen.reached > 0.7 * seen.points,
    },
    { what: 'slowest start', seen: `${Math.round(seen.slowestMs)} ms`, held: seen.slowestMs < START_MS },
    { what: 'promises broken', seen: broken.join('; ') || '0', held: broken.length === 0 },
  ];
}

/** No key was made anew, and nothing was set aside or told as damaged. */
function expectWhole(home: Home, { running }: Daemon, before: ReadonlyMap<string, string>): void {
  for (const [file, text] of before) expect(readFileSync(file, 'utf8'), file).toBe(text);
  expect(running.output.stderr).toBe('');
  expect(readdirSync(home.paths.root).filter((name) => name.includes('corrupt'))).toEqual([]);
}

faultLine(
  {
    number: 'L11',
    input: 'kill -9 at each write of a first start',
    promised: 'next start < 3 s, unaided; a key that stood there stands; nothing counts as damaged',
    engines: ['uws'],
    timeoutMs: 600_000,
  },
  async () => {
    const home = await createProgramHome(ONE_THREAD);
    return killAtEach(home, {
      reset: () => rmSync(home.paths.root, { recursive: true, force: true }),
      async check(daemon, before) {
        expectWhole(home, daemon, before);
        expect(await useToken(home, await mintFor(home, home.dir))).toBe(200);
      },
    });
  },
);

/** Lines of the log until the next one has to rotate it. */
function fillLog({ paths }: Home): void {
  const line = `${JSON.stringify({ time: '', level: 'info', event: 'filler', text: 'x'.repeat(10_000) })}\n`;
  const left = limits.logBytes - statSync(paths.daemonLog).size;
  appendFileSync(paths.daemonLog, line.repeat(Math.ceil(left / line.length)));
}

const logBytes = ({ paths }: Home): number =>
  readdirSync(paths.logs)
    .filter((name) => name.startsWith('daemon.log'))
    .reduce((sum, name) => sum + statSync(join(paths.logs, name)).size, 0);

faultLine(
  {
    number: 'L11',
    input: 'kill -9 at each write of a start behind a killed daemon with a full log',
    promised: 'next start < 3 s, unaided; every login goes on; the rotated log is there',
    engines: ['uws'],
    timeoutMs: 600_000,
  },
  async () => {
    const home = await createProgramHome(ONE_THREAD);
    const { running } = await startDaemon(home);
    const client = await signIn(home, approveAsOwner);
    running.kill('SIGKILL');
    await running.ended;
    fillLog(home);
    const origin = join(home.dir, 'origin');
    cpSync(home.paths.root, origin, { recursive: true });
    return killAtEach(home, {
      reset() {
        rmSync(home.paths.root, { recursive: true, force: true });
        cpSync(origin, home.paths.root, { recursive: true });
      },
      async check(daemon, before) {
        expectWhole(home, daemon, before);
        expect(logBytes(home)).toBeGreaterThan(limits.logBytes);
        expect(await useToken(home, client.accessToken)).toBe(200);
        expect((await refresh(home, client)).status).toBe(200);
      },
    });
  },
);
