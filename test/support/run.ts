import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { waitFor } from './wait-for.ts';

export interface Outcome {
  status: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

export interface RunOptions {
  env: NodeJS.ProcessEnv;
  cwd?: string;
  /** Sent to stdin, which is then closed. */
  input?: string | Uint8Array;
}

/** A program under way: what it has said so far, and how it ends. */
export interface Running {
  readonly pid: number;
  readonly output: { readonly stdout: string; readonly stderr: string };
  readonly ended: Promise<Outcome>;
  write(text: string): void;
  closeInput(): void;
  kill(signal: NodeJS.Signals): void;
}

/** Starts a program without a shell and collects what it says. */
export function start([file, ...args]: readonly [string, ...string[]], options: RunOptions): Running {
  const child = spawn(file, args, { env: options.env, cwd: options.cwd, stdio: 'pipe' });
  const output = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output.stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    output.stderr += text;
  });
  // A program that ends without reading its input is not a fault of the test.
  child.stdin.on('error', () => undefined);
  const ended = new Promise<Outcome>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (status, signal) => resolve({ status, signal, ...output }));
  });
  return {
    pid: child.pid ?? -1,
    output,
    ended,
    write: (text) => child.stdin.write(text),
    closeInput: () => child.stdin.end(),
    kill: (signal) => child.kill(signal),
  };
}

/** Runs a program to its end. */
export function run(command: readonly [string, ...string[]], options: RunOptions): Promise<Outcome> {
  const running = start(command, options);
  if (options.input) running.write(options.input.toString());
  running.closeInput();
  return running.ended;
}

function processesWith(variable: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').includes(variable);
      } catch {
        // It has ended meanwhile, or is another account's and so not ours.
        return false;
      }
    });
}

/** Ends every process whose home is the test's own: daemons, Claudes and whatever those left behind. */
export async function endProcessesOf(homeDirectory: string): Promise<void> {
  await waitFor(`the processes of ${homeDirectory} to end`, () => {
    const left = processesWith(`HOME=${homeDirectory}`);
    for (const pid of left) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It has ended meanwhile.
      }
    }
    return left.length === 0;
  });
}
