import { chmodSync, chownSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import type { Home } from './home.ts';
import { endProcessesOf, type Outcome, type Running, run, start } from './run.ts';

/** The machine's `nobody`: the other account on this host. */
export const NOBODY = 65_534;

const RAW_REQUESTS = fileURLToPath(new URL('../fixtures/raw-requests.mjs', import.meta.url));

/** The command line that runs a program as the other account. */
const asNobody = (command: readonly string[]): [string, ...string[]] => [
  'setpriv',
  `--reuid=${NOBODY}`,
  `--regid=${NOBODY}`,
  '--clear-groups',
  '--',
  ...command,
];

const options = (env: NodeJS.ProcessEnv, input = '') => ({
  env: { PATH: process.env.PATH, ...env },
  cwd: '/',
  input,
});

/** Runs a program as the other account to its end. */
export const runAsNobody = (
  command: readonly string[],
  env: NodeJS.ProcessEnv = {},
  input?: string,
): Promise<Outcome> => run(asNobody(command), options(env, input));

/** Starts a program as the other account; it is ended with the test. */
export function startAsNobody(command: readonly string[], env: NodeJS.ProcessEnv = {}): Running {
  const running = start(asNobody(command), options(env));
  onTestFinished(async () => {
    running.kill('SIGKILL');
    await running.ended;
  });
  return running;
}

/** An empty home of the other account, with nothing left in it or of it after the test. */
export function createHomeOfNobody(): string {
  const dir = mkdtempSync(join(tmpdir(), 'claude-secure-nobody-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  onTestFinished(() => endProcessesOf(dir));
  chownSync(dir, NOBODY, NOBODY);
  return dir;
}

/** A person's home is often open to read: what protects the keys must be our own directory. */
export const openToAll = ({ dir }: Home): void => chmodSync(dir, 0o755);

export interface RawCall {
  readonly host: string;
  readonly port: number;
  /** The address that it comes from; every account has all of 127.0.0.0/8. */
  readonly from?: string;
  /** Latin-1. */
  readonly bytes: string;
  /** What follows the bytes at once: nothing, TLS's own goodbye and FIN, or FIN alone. */
  readonly end: 'open' | 'close-notify' | 'fin';
}

/** Sends each as the other account, on a connection of its own; what came back, or the errno. */
export async function callAsNobody(calls: readonly RawCall[]): Promise<string[]> {
  const outcome = await runAsNobody([process.execPath, RAW_REQUESTS], {}, JSON.stringify(calls));
  if (outcome.status !== 0) throw new Error(outcome.stderr);
  return JSON.parse(outcome.stdout);
}
