import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Home } from './home.ts';
import { isAlive } from './processes.ts';
import { start } from './run.ts';
import { waitFor } from './wait-for.ts';

/** What the kernel is asked for so that something lasts, or is answered. */
const CALLS = 'write,writev,pwrite64,ftruncate,fsync,fdatasync,mkdir,link,rename,unlink,sendto,sendmsg';
/** Traced, on two busy cores. */
const START_MS = 30_000;
/** The log that the database writes to: every start gives it a new number. */
const STORE_LOG = /^store\/\d{6}\.log$/;

/** The n-th call of this name that a thread makes, or that touches the file if there is one. */
export interface SystemCall {
  readonly name: string;
  readonly nth: number;
  /** Below the home's root. */
  readonly file?: string;
}

/** How a call is told to a person. */
export const callText = ({ name, nth, file }: SystemCall): string =>
  `${name} ${nth}${file ? ` of ${file}` : ''}`;

/** Has every thread of the process do what these arguments of strace say; the result lets go of it. */
export async function attachStrace(pid: number, args: readonly string[]): Promise<() => Promise<void>> {
  const strace = spawn('strace', ['-f', '-o', '/dev/null', ...args, '-p', String(pid)], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const exited = once(strace, 'exit');
  let said = '';
  await new Promise<void>((resolve, reject) => {
    strace.stderr.setEncoding('utf8').on('data', (text: string) => {
      said += text;
      if (said.includes('attached')) resolve();
    });
    void exited.then(() => reject(new Error(`strace: ${said}`)));
  });
  const detach = async (): Promise<void> => {
    // Asked in order it waits for ever for a process that is just dying (measured); killed, it lets go all the same.
    strace.kill(isAlive(pid) ? 'SIGTERM' : 'SIGKILL');
    await exited;
  };
  onTestFinished(detach);
  return detach;
}

/** strace's arguments for a fault (`signal=KILL`, `error=EIO`) at that call. */
export function faultAt(home: Home, { name, nth, file }: SystemCall, fault: string): string[] {
  const inject = ['-e', `trace=${name}`, '-e', `inject=${name}:${fault}:when=${nth}`];
  return file === undefined ? inject : ['-P', join(home.paths.root, file), ...inject];
}

/** The call on the log that the database of a running daemon writes to now. */
export function onCurrentLog({ paths }: Home, call: SystemCall): SystemCall {
  if (!STORE_LOG.test(call.file ?? '')) return call;
  const logs = readdirSync(paths.root, { recursive: true, encoding: 'utf8' }).filter((name) =>
    STORE_LOG.test(name),
  );
  return { ...call, file: logs.sort().at(-1) ?? '' };
}

/** Calls on the home's files, and those that answer a client; a temporary file has another name each time. */
function parseTrace(text: string, root: string): SystemCall[] {
  const counts = new Map<string, number>();
  const count = (kind: string): number => counts.set(kind, (counts.get(kind) ?? 0) + 1).get(kind) ?? 0;
  return text.split('\n').flatMap((line) => {
    const [, thread, name] = /^(\d+) +(\w+)\(/.exec(line) ?? [];
    if (name === undefined) return [];
    const nth = count(`${thread} ${name}`);
    // The first path of a call is the one that strace itself goes by.
    const file = /^[^>"]+/.exec(line.split(`${root}/`)[1] ?? '')?.[0];
    const isTemporary = /\.[0-9a-f]{12}\.tmp$/.test(file ?? '');
    if (file !== undefined && !isTemporary) return [{ name, nth: count(`${name} ${file}`), file }];
    const isAnswer = /^\d+ +\w+\(\d+<socket/.test(line);
    return isTemporary || isAnswer ? [{ name, nth }] : [];
  });
}

const tracing = (file: string): string[] => ['-y', '-o', file, '-e', `trace=${CALLS}`];

/** What the running process writes to the home and to clients during `act`. */
export async function recordCalls(
  home: Home,
  pid: number,
  act: () => Promise<unknown>,
): Promise<SystemCall[]> {
  const file = join(home.dir, 'strace');
  const detach = await attachStrace(pid, tracing(file));
  await act();
  await detach();
  return parseTrace(readFileSync(file, 'utf8'), home.paths.root);
}

/** The command under strace, which says nothing of its own and ends with it. */
export const underStrace = (args: readonly string[], command: readonly string[]): [string, ...string[]] => [
  'strace',
  '-f',
  '-qq',
  '-o',
  '/dev/null',
  ...args,
  ...command,
];

/** What the daemon writes to the home until `findReady` gives its pid; it is ended then. */
export async function recordStart(
  home: Home,
  command: readonly string[],
  findReady: () => number | undefined,
): Promise<SystemCall[]> {
  const file = join(home.dir, 'strace');
  const running = start(underStrace(tracing(file), command), { env: home.env, cwd: home.dir });
  const pid = await waitFor('the daemon to be ready', findReady, START_MS);
  process.kill(pid, 'SIGTERM');
  await running.ended;
  return parseTrace(readFileSync(file, 'utf8'), home.paths.root);
}
