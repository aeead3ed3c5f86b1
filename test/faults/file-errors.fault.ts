import { cpSync, existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { mintFor } from '../support/control.ts';
import type { Home } from '../support/home.ts';
import { useToken } from '../support/oauth-client.ts';
import { createProgramHome, PROGRAM, startDaemon } from '../support/program.ts';
import { endProcessesOf, type Outcome, start } from '../support/run.ts';
import { waitFor } from '../support/wait-for.ts';
import { faultLine, LONG } from './line.ts';

const BREAKER = new URL('../fixtures/break-writes.mjs', import.meta.url).href;
const ERRORS = ['EACCES', 'EIO', 'EMFILE', 'ENOSPC'] as const;
const STRIDE = LONG ? 1 : 7;
const START_MS = 15_000;
/** What a daemon that serves may warn of. */
const WARNING = /^claude-secure: the store was damaged[^\n]*\n/;
/** What a person reads: our name, a sentence, a code, and what to do. */
const TOLD = /^claude-secure: [^\n]+ \([A-Z_]+\)(\n {2}\| [^\n]*)*\n {2}hint: [^\n]+\n$/;

const KEYS = ['authority', 'ownerSecret', 'signingKeys'] as const;
const readKeys = ({ paths }: Home): Map<string, string> =>
  new Map(
    KEYS.map((key) => paths[key])
      .filter((file) => existsSync(file))
      .map((file) => [file, readFileSync(file, 'utf8')]),
  );

function hasStarted({ paths }: Home, pid: number): boolean {
  const log = existsSync(paths.daemonLog) ? readFileSync(paths.daemonLog, 'utf8') : '';
  return new RegExp(`"daemon\\.started".*"pid":${pid}\\b`).test(log);
}

/** Runs a command with a fault at its n-th file-system call below the home; a daemon is ended once it serves. */
async function runBroken(home: Home, args: readonly string[], fault: NodeJS.ProcessEnv): Promise<Outcome> {
  const env = { ...home.env, BREAK_UNDER: home.paths.root, ...fault };
  const running = start([process.execPath, '--import', BREAKER, PROGRAM, ...args], { env, cwd: home.dir });
  running.closeInput();
  const serving = waitFor('it to serve', () => hasStarted(home, running.pid), START_MS).catch(
    () => 'too late',
  );
  if ((await Promise.race([running.ended, serving])) === true) running.kill('SIGTERM');
  if ((await Promise.race([running.ended, serving])) === 'too late') running.kill('SIGKILL');
  return running.ended;
}

/** How many calls a command makes when nothing breaks. */
async function countCalls(home: Home, args: readonly string[]): Promise<number> {
  const { stderr } = await runBroken(home, args, {});
  return stderr.split('\n').filter((line) => /^[a-z]+Sync$/.test(line)).length;
}

/** What is wrong with an end that a fault brought; undefined for a good one, and for one in spite of the fault. */
function objection({ status, signal, stderr }: Outcome): string | undefined {
  const told = stderr.replace(WARNING, '');
  if (signal) return `it ended by ${signal}: ${stderr}`;
  if (status === 0) return told === '' ? undefined : `it worked, and said: ${stderr}`;
  return TOLD.test(told) ? undefined : `it ended with ${status} and said: ${stderr}`;
}

interface Scenario {
  readonly args: readonly string[];
  reset(home: Home): Promise<void>;
}

/** Each command meets each error at each of its calls, or at a sample of them. */
async function breakEach(home: Home, { args, reset }: Scenario): Promise<{ runs: number; broken: string[] }> {
  await reset(home);
  const calls = await countCalls(home, args);
  const broken: string[] = [];
  let runs = 0;
  for (let point = 0; point < calls * ERRORS.length; point += STRIDE) {
    const BREAK_AT = String(1 + Math.floor(point / ERRORS.length));
    const BREAK_HOW = ERRORS[point % ERRORS.length];
    await reset(home);
    const keys = readKeys(home);
    const problem = objection(await runBroken(home, args, { BREAK_AT, BREAK_HOW }));
    runs++;
    const isAnew = [...keys].some(([file, text]) => readKeys(home).get(file) !== text);
    for (const each of [problem, isAnew ? 'a key was made anew' : undefined]) {
      if (each) broken.push(`${args.join(' ')}, ${BREAK_HOW} at call ${BREAK_AT}: ${each}`);
    }
  }
  return { runs, broken };
}

faultLine(
  {
    number: 'L8',
    input: 'EACCES, EIO, EMFILE and ENOSPC at each file-system call of a start and of the headers helper',
    promised: 'one clear line and a status, or it works all the same; no key made anew; works afterwards',
    engines: ['uws'],
    timeoutMs: 900_000,
  },
  async (engine) => {
    const home = await createProgramHome({ CLAUDE_SECURE_ENGINE: engine });
    const origin = join(home.dir, 'origin');
    const wipe = async (): Promise<void> => {
      await endProcessesOf(home.dir);
      rmSync(home.paths.root, { recursive: true, force: true });
    };
    const restore = async (): Promise<void> => {
      await wipe();
      cpSync(origin, home.paths.root, { recursive: true });
    };
    const first = await breakEach(home, { args: ['serve'], reset: wipe });
    await wipe();
    const { running } = await startDaemon(home);
    running.kill('SIGTERM');
    await running.ended;
    cpSync(home.paths.root, origin, { recursive: true });
    const later = await breakEach(home, { args: ['serve'], reset: restore });
    const headers = await breakEach(home, { args: ['headers', 'code'], reset: restore });
    await restore();
    await startDaemon(home);
    const broken = [first, later, headers].flatMap(({ broken }) => broken);
    const runs = first.runs + later.runs + headers.runs;
    return [
      { what: 'broken at', seen: `${runs} points`, held: runs > 0 },
      { what: 'promises broken', seen: broken.join('; ') || '0', held: broken.length === 0 },
      {
        what: 'afterwards a token gives',
        seen: String(await useToken(home, await mintFor(home, home.dir))),
        held: true,
      },
    ];
  },
);
