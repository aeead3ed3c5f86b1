import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { parseState, type State } from '../../src/state.ts';
import { type AtEnd, createHome, type Home } from './home.ts';
import { endProcessesOf, type Outcome, type Running, type RunOptions, run, start } from './run.ts';
import { waitFor } from './wait-for.ts';

const PORT_TAKEN = 6;
const ATTEMPTS = 5;
/** A cold start takes well under a second; twenty of them at once on two cores do not. */
const START_MS = 30_000;

/** The built program, as npm would start it. */
export const PROGRAM = fileURLToPath(new URL('../../bin/claude-secure.js', import.meta.url));

/** The command line of the built program. */
export const programCommand = (args: readonly string[]): [string, ...string[]] => [
  process.execPath,
  PROGRAM,
  ...args,
];

const canListen = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ host: '127.0.0.1', port, exclusive: true }, () => server.close(() => resolve(true)));
  });

/** A free port below the ephemeral range, so that nobody who listens on 0 is given it before we use it. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 10_000);
    if (await canListen(port)) return port;
  }
}

/** An empty home with a port of its own; every process that lives in it is gone when it ends, as `createHome`'s. */
export async function createProgramHome(
  extra: NodeJS.ProcessEnv = {},
  atEnd: AtEnd = onTestFinished,
): Promise<Home> {
  const home = createHome(
    { CLAUDE_SECURE_PORT: String(await freePort()), CLAUDE_SECURE_IDLE: '10m', ...extra },
    atEnd,
  );
  atEnd(() => endProcessesOf(home.dir));
  return home;
}

/** Runs the built program to its end. */
export function runProgram(
  home: Home,
  args: readonly string[],
  options: Partial<RunOptions> = {},
): Promise<Outcome> {
  return run(programCommand(args), { cwd: home.dir, ...options, env: { ...home.env, ...options.env } });
}

/** What the daemon of this home says of itself; undefined while none runs. */
export function readState(home: Home): State | undefined {
  try {
    return parseState(readFileSync(home.paths.state, 'utf8'));
  } catch {
    return undefined;
  }
}

export interface Daemon {
  readonly state: State;
  readonly url: string;
  /** The roots a client trusts, as PEM. */
  readonly ca: string;
  readonly running: Running;
}

/** For `through`: a daemon that may have so many files and connections open. */
export const withDescriptors = (count: number): readonly string[] => [
  'prlimit',
  `--nofile=${count}:${count}`,
];

/**
 * Runs `claude-secure serve` in the foreground until it serves; ended with the test. `through` is a program that
 * becomes it, as `prlimit` does.
 */
export async function startDaemon(
  home: Home,
  extra: NodeJS.ProcessEnv = {},
  through: readonly string[] = [],
): Promise<Daemon> {
  for (let attempt = 1; ; attempt++) {
    const command = [...through, ...programCommand(['serve'])] as [string, ...string[]];
    const running = start(command, { env: { ...home.env, ...extra }, cwd: home.dir });
    let ended: Outcome | undefined;
    void running.ended.then((outcome) => {
      ended = outcome;
    });
    const ownState = (): State | undefined => {
      const found = readState(home);
      // A daemon that was killed leaves its state behind.
      return found?.pid === running.pid ? found : undefined;
    };
    const state = await waitFor('the daemon to serve', () => ownState() ?? ended, START_MS);
    if ('instanceId' in state) {
      const ca = readFileSync(home.paths.caBundle, 'utf8');
      return { state, url: `https://127.0.0.1:${state.port}`, ca, running };
    }
    if (state.status !== PORT_TAKEN || attempt === ATTEMPTS) throw new Error(`serve: ${state.stderr}`);
    home.env.CLAUDE_SECURE_PORT = String(await freePort());
  }
}
