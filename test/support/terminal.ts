import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { type Outcome, type RunOptions, run } from './run.ts';
import { waitFor } from './wait-for.ts';

const DEADLINE_MS = 20_000;
const ECHO_MS = 2_000;
const ATTEMPTS = 5;

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
  /** Presses a key by its tmux name (`Enter`, `Escape`, `C-c`, …). */
  press(key: string): void;
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
  const press = (key: string): void => void tmux('send-keys', '-t', 'main', key);
  async function shows(pattern: RegExp, deadlineMs = DEADLINE_MS): Promise<void> {
    await waitFor(`${pattern} on the screen`, () => pattern.test(screen()), deadlineMs).catch((error) => {
      throw new Error(`${error.message}; it shows:\n${screen()}`);
    });
  }
  const pointsAt = (line: string): boolean =>
    screen()
      .split(/❯\s(?:\d\. )?/)
      .some((text) => text.startsWith(line));
  /** Presses until the pointer stands at `line`; a key pressed while Claude draws something new is lost. */
  async function pointAt(line: string, pressKeys: () => void): Promise<void> {
    for (let attempt = 1; !pointsAt(line); attempt++) {
      if (attempt > ATTEMPTS) throw new Error(`cannot get to ${line}; the screen shows:\n${screen()}`);
      pressKeys();
      await waitFor(line, () => pointsAt(line), ECHO_MS).catch(() => undefined);
    }
    press('Enter');
  }
  return {
    screen,
    shows,
    press,
    choose: (line) => pointAt(line, () => press('Up')),
    enter: (line) =>
      pointAt(line, () => {
        press('C-u');
        tmux('send-keys', '-t', 'main', '-l', line);
      }),
  };
}
