import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { onTestFinished } from 'vitest';
import { type Outcome, type RunOptions, run } from './run.ts';
import { waitFor } from './wait-for.ts';

const DEADLINE_MS = 20_000;
const ECHO_MS = 2_000;
const ATTEMPTS = 5;
/** Measured: Claude takes an Enter sooner after text for a line break in something pasted. */
const PASTE_MS = 300;

const quote = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`;

/** Runs a program on a terminal of its own (`claude mcp login` refuses a pipe); stdout is what the terminal shows. */
export function runOnTerminal(command: readonly string[], options: RunOptions): Promise<Outcome> {
  const line = command.map(quote).join(' ');
  return run(['script', '--quiet', '--return', '--command', line, '/dev/null'], options);
}

export interface Terminal {
  screen(): string;
  /** Waits until the screen matches. */
  shows(pattern: RegExp, deadlineMs?: number): Promise<void>;
  /** Types a line at the prompt, again until it stands there, and presses Enter. */
  enter(line: string): Promise<void>;
  /** Moves the pointer of a menu to the line that begins so, and presses Enter. */
  choose(line: string): Promise<void>;
  /** Presses a key by its tmux name (`Enter`, `Escape`, `Up`, …), again until the screen matches. */
  press(key: string, until: RegExp): Promise<void>;
}

/** Opens a program in a tmux of its own, 140 by 45, that ends with the test. */
export function openTerminal(command: readonly string[], { env, cwd }: RunOptions): Terminal {
  const socket = join(String(env.TMPDIR), 'tmux');
  const tmux = (...args: string[]): string =>
    execFileSync('tmux', ['-S', socket, '-f', '/dev/null', ...args], { env, cwd, encoding: 'utf8' });
  tmux('new-session', '-d', '-s', 'main', '-x', '140', '-y', '45', '-c', String(cwd), '--', ...command);
  tmux('set-option', '-g', 'remain-on-exit', 'on');
  onTestFinished(() => void tmux('kill-server'));
  const screen = (): string => tmux('capture-pane', '-p', '-t', 'main');
  const send = (...keys: string[]): void => void tmux('send-keys', '-t', 'main', ...keys);
  async function shows(pattern: RegExp, deadlineMs = DEADLINE_MS): Promise<void> {
    await waitFor(`${pattern} on the screen`, () => pattern.test(screen()), deadlineMs).catch((error) => {
      throw new Error(`${error.message}; it shows:\n${screen()}`);
    });
  }
  // Earlier lines keep their ❯: the last one on the screen is where Claude listens.
  const pointsAt = (line: string): boolean =>
    screen()
      .split(/❯\s(?:\d\. )?/)
      .at(-1)
      ?.startsWith(line) === true;
  /** Sends keys until they took effect: those that come while Claude draws something new are lost. */
  async function insist(what: string, isDone: () => boolean, sendKeys: () => void): Promise<void> {
    for (let attempt = 1; !isDone(); attempt++) {
      if (attempt > ATTEMPTS) throw new Error(`cannot get to ${what}; the screen shows:\n${screen()}`);
      sendKeys();
      await waitFor(what, isDone, ECHO_MS).catch(() => undefined);
    }
  }
  return {
    screen,
    shows,
    press: (key, until) =>
      insist(
        String(until),
        () => until.test(screen()),
        () => send(key),
      ),
    async choose(line) {
      await waitFor(line, () => screen().includes(line));
      await insist(
        line,
        () => pointsAt(line),
        () => send('Up'),
      );
      await pause(PASTE_MS);
      send('Enter');
    },
    async enter(line) {
      await insist(
        line,
        () => pointsAt(line),
        () => {
          send('C-u');
          send('-l', line);
        },
      );
      await pause(PASTE_MS);
      send('Enter');
    },
  };
}
