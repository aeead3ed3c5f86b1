import { execFileSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { approveAsOwner } from '../support/control.ts';
import type { Home } from '../support/home.ts';
import { refresh, revoke, type SignedIn, signIn } from '../support/oauth-client.ts';
import { createProgramHome, type Daemon, readState, runProgram, startDaemon } from '../support/program.ts';
import { endProcessesOf } from '../support/run.ts';
import { lifeServer, writeServers } from '../support/upstreams.ts';
import { faultLine, LONG } from './line.ts';

const STRIDE = LONG ? 1 : 9;
const SECRET = { mode: 0o600 };
/** What a person reads: our name, a sentence, a code, and what to do. */
const TOLD = /^claude-secure: [^\n]+ \([A-Z_]+\)(\n {2}\| [^\n]*)*\n {2}hint: [^\n]+\n$/;

type Damage = readonly [name: string, bring: (file: string) => void];

/** As much of the file, or a bit at that place. */
const SHARES = [0, 0.1, 0.3, 0.5, 0.7, 0.9, 0.999];

const change = (file: string, edit: (bytes: Buffer) => Uint8Array): void =>
  writeFileSync(file, edit(readFileSync(file)), SECRET);

function flip(bytes: Buffer, share: number): Buffer {
  const at = Math.floor(bytes.length * share);
  if (at < bytes.length) bytes[at] = (bytes[at] ?? 0) ^ 0x04;
  return bytes;
}

const instead = (make: (file: string) => void) => (file: string) => {
  rmSync(file, { recursive: true, force: true });
  make(file);
};

const DAMAGES: readonly Damage[] = [
  ...SHARES.flatMap((share): Damage[] => [
    [
      `cut at ${share}`,
      (file) => change(file, (bytes) => bytes.subarray(0, Math.floor(bytes.length * share))),
    ],
    [`a bit flipped at ${share}`, (file) => change(file, (bytes) => flip(bytes, share))],
  ]),
  ['NULs', (file) => change(file, (bytes) => Buffer.alloc(bytes.length))],
  ['of another version', (file) => change(file, () => Buffer.from('{"version":99}\n'))],
  ['100 MB', (file) => truncateSync(file, 104_857_600)],
  ['a link', instead((file) => symlinkSync('/etc/passwd', file))],
  ['a directory', instead((file) => mkdirSync(file, { mode: 0o700 }))],
  ['a pipe', instead((file) => execFileSync('mkfifo', ['-m', '600', file]))],
];

const filesOf = ({ paths }: Home): string[] =>
  readdirSync(paths.root, { recursive: true, encoding: 'utf8' }).filter((name) =>
    lstatSync(join(paths.root, name)).isFile(),
  );

const readIf = (file: string): string | undefined =>
  existsSync(file) && lstatSync(file).isFile() ? readFileSync(file, 'latin1') : undefined;

interface People {
  readonly living: SignedIn;
  readonly revoked: SignedIn;
}

/** A home with all that can be in one, as a daemon that was stopped leaves it. */
async function live(home: Home): Promise<People> {
  mkdirSync(home.paths.root, { recursive: true, mode: 0o700 });
  writeServers(home, { life: lifeServer() });
  const { running, state } = await startDaemon(home);
  const living = await signIn(home, approveAsOwner);
  const revoked = await signIn(home, approveAsOwner);
  await revoke(home, revoked.clientId, revoked.refreshToken);
  running.kill('SIGTERM');
  await running.ended;
  writeFileSync(home.paths.state, JSON.stringify(state), SECRET);
  writeFileSync(home.paths.crash, '{"failedAt":[],"blockedUntil":0,"nextPauseMs":60000}', SECRET);
  writeFileSync(home.paths.startLock, '{"token":"t","pid":2,"procStart":"1","takenAt":1}', SECRET);
  return { living, revoked };
}

/** What is wrong with a daemon that serves in spite of the damage. */
async function objectTo(
  home: Home,
  { running }: Daemon,
  { living, revoked }: People,
): Promise<string | undefined> {
  const dead = (await refresh(home, revoked)).status;
  if (dead === 200) return 'what was revoked is back';
  const { status } = await refresh(home, living);
  const isTold = /the store was damaged[^\n]*every login has ended/.test(running.output.stderr);
  if ((status === 200) === isTold) return `the login gives ${status}, told: ${running.output.stderr}`;
  return undefined;
}

/** What is wrong with how a start meets the damage; undefined if nothing is. */
async function startDamaged(home: Home, name: string, people: People): Promise<string | undefined> {
  const { paths } = home;
  const keys = [paths.authority, paths.signingKeys, paths.ownerSecret];
  const before = keys.map(readIf);
  let problem: string | undefined;
  try {
    problem = await objectTo(home, await startDaemon(home), people);
  } catch (error) {
    const told = String(error).replace(/^Error: serve: /, '');
    const where = name.startsWith('store/') ? paths.store : join(paths.root, name);
    if (!TOLD.test(told) || !told.includes(where)) problem = told;
  }
  await endProcessesOf(home.dir);
  const isAnew = keys.some((file, index) => before[index] !== undefined && before[index] !== readIf(file));
  return problem ?? (isAnew ? 'a key was made anew' : undefined);
}

faultLine(
  {
    number: 'L10',
    input: `each file of the home cut, flipped, ${DAMAGES.slice(2 * SHARES.length)
      .map(([name]) => name)
      .join(', ')}`,
    promised:
      'told with its cure, or served; no key made anew; what was revoked stays so; else every login ends',
    engines: ['uws'],
    timeoutMs: 1_200_000,
  },
  async (engine) => {
    const home = await createProgramHome({ CLAUDE_SECURE_ENGINE: engine });
    const people = await live(home);
    const origin = join(home.dir, 'origin');
    cpSync(home.paths.root, origin, { recursive: true });
    const cases = filesOf(home).flatMap((name) => DAMAGES.map((damage) => ({ name, damage })));
    const chosen = cases.filter((_, index) => index % STRIDE === 0);
    const broken: string[] = [];
    for (const { name, damage } of chosen) {
      const [how, bring] = damage;
      rmSync(home.paths.root, { recursive: true, force: true });
      cpSync(origin, home.paths.root, { recursive: true });
      bring(join(home.paths.root, name));
      const problem = await startDamaged(home, name, people);
      if (problem) broken.push(`${name} ${how}: ${problem}`);
    }
    rmSync(home.paths.root, { recursive: true, force: true });
    cpSync(origin, home.paths.root, { recursive: true });
    const { status } = await runProgram(home, ['headers', 'code']);
    return [
      { what: 'damages', seen: String(chosen.length), held: chosen.length > 0 },
      { what: 'promises broken', seen: broken.join('; ') || '0', held: broken.length === 0 },
      {
        what: 'the whole home again',
        seen: String(status),
        held: status === 0 && readState(home) !== undefined,
      },
    ];
  },
);
