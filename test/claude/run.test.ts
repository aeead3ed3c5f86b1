import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { processStat } from '../../src/state.ts';
import { createHome, type Home } from '../support/home.ts';
import { type Outcome, run, start } from '../support/run.ts';
import { waitFor } from '../support/wait-for.ts';

const fixture = (name: string): string => fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url));
const clients = fileURLToPath(new URL('../clients/node_modules', import.meta.url));
const FAKE = fixture('fake-claude.mjs');
const RUN = fixture('run-claude.mjs');

type Command = [string, ...string[]];
const plain: Command = [FAKE];
const launchers: [string, Command][] = [
  ['spawn (this Node)', [process.execPath, RUN, FAKE]],
  ['execve (Node 24)', [join(clients, 'node24', 'bin', 'node'), RUN, FAKE]],
];
const node24Only = launchers.slice(1);

let home: Home;
beforeEach(() => {
  home = createHome();
});

const typed = (command: Command, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Outcome> =>
  run([...command, ...args], { env: { ...home.env, ...env }, cwd: home.dir });

describe.each(launchers)('R60: claude under the launcher, %s, is as claude alone', (_, launcher) => {
  it.each<[string, string[]]>([
    ['none', []],
    ['empty strings', ['', '-p', '', '']],
    ['the separator, twice', ['--', '--', '-x']],
    ['newlines, tabs and quotes', ['a\nb\tc', `'"\`$HOME\\`, '*', ' ', '%PATH%', '!']],
    ['Unicode', ['修正', '🦀', 'e\u0301', '\u202e']],
    ['100 KB', ['x'.repeat(100_000)]],
    ['numbers and repeated flags', ['--resume', '0123', '--no-x', '--a=1', '--a=2']],
    ['an assignment, which env(1) would take', ['A=1', '-i', '-u', 'PATH']],
  ])('arguments: %s', async (_name, args) => {
    const { stdout, stderr, status } = await typed(launcher, args);
    expect(stderr).toBe('');
    expect(status).toBe(0);
    const report = JSON.parse(stdout);
    expect(report.argv).toEqual(args);
    expect(report.cwd).toBe(home.dir);
  });

  it('standard input byte for byte, from a file and from a pipe', async () => {
    const bytes = Buffer.from(Array.from({ length: 70_000 }, (_value, index) => (index * 7) % 256));
    const file = join(home.dir, 'input');
    writeFileSync(file, bytes);
    for (const shell of ['"$@" < "$0"', 'cat "$0" | "$@"']) {
      const { stdout } = await typed(['/bin/sh', '-c', shell, file, ...launcher], [], {
        FAKE_CLAUDE_STDIN: '1',
      });
      expect(Buffer.from(JSON.parse(stdout).stdin, 'base64').equals(bytes)).toBe(true);
    }
  });

  it.each([0, 1, 3, 42, 126, 127, 130, 255])('exit code %i', async (code) => {
    const { status, signal } = await typed(launcher, [], { FAKE_CLAUDE_END: `exit:${code}` });
    expect({ status, signal }).toEqual({ status: code, signal: null });
  });

  it.each(['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGKILL', 'SIGUSR2', 'SIGABRT'])('death by %s', async (signal) => {
    const env = { FAKE_CLAUDE_END: `die:${signal}` };
    const alone = await typed(plain, [], env);
    const launched = await typed(launcher, [], env);
    expect(alone.signal).toBe(signal);
    expect({ status: launched.status, signal: launched.signal }).toEqual({ status: null, signal });
  });

  it.each<NodeJS.Signals>(['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT', 'SIGUSR2'])(
    '%s to the launcher reaches claude, and nothing is left behind',
    async (signal) => {
      const report = join(home.dir, 'report');
      const running = start([...launcher, 'x'], {
        env: { ...home.env, FAKE_CLAUDE_END: 'wait', FAKE_CLAUDE_REPORT: report },
        cwd: home.dir,
      });
      onTestFinished(() => running.kill('SIGKILL'));
      const { pid } = await waitFor('claude to start', () => readReport(report));
      running.kill(signal);
      expect((await running.ended).signal).toBe(signal);
      expect(() => process.kill(pid, 0)).toThrow('ESRCH');
    },
  );

  it('Ctrl-Z stops it, and fg lets it go on', async () => {
    const report = join(home.dir, 'report');
    // A shell with job control: a group without one in its session cannot be stopped from the keyboard.
    const shell = start(
      ['bash', '-c', 'set -m; "$@" & echo $!; wait -f $!; echo ended $?', 'bash', ...launcher],
      {
        env: { ...home.env, FAKE_CLAUDE_END: 'wait', FAKE_CLAUDE_REPORT: report },
        cwd: home.dir,
      },
    );
    const claude = await waitFor('claude to start', () => readReport(report));
    const group = Number(shell.output.stdout);
    onTestFinished(() => shell.kill('SIGKILL'));
    const states = () => [group, claude.pid].map((pid) => processStat(pid)?.[0]);
    process.kill(-group, 'SIGTSTP');
    await waitFor('both to stop', () => states().every((state) => state === 'T'));
    process.kill(-group, 'SIGCONT');
    await waitFor('both to go on', () => states().every((state) => state !== 'T'));
    process.kill(-group, 'SIGTERM');
    expect((await shell.ended).stdout).toBe(`${group}\nended 143\n`);
  });

  it('the signals that claude finds ignored', async () => {
    const command: Command = ['/bin/grep', 'SigIgn', '/proc/self/status'];
    const [, ...rest] = command;
    const alone = spawnSync(command[0], rest, { env: home.env, encoding: 'utf8' });
    const launched = await typed([launcher[0], RUN, '/bin/grep'], rest);
    expect(launched.stdout).toBe(alone.stdout);
  });

  it('the modes of its standard streams', async () => {
    const script = 'for i in 0 1 2; do grep flags /proc/self/fdinfo/$i; done';
    const shell = `true | "$@" "-c" '${script}' 2>&1 | cat`;
    const alone = await typed(['/bin/sh', '-c', shell, 'sh', '/bin/bash'], []);
    const launched = await typed(['/bin/sh', '-c', shell, 'sh', launcher[0], RUN, '/bin/bash'], []);
    expect(launched.stdout).toBe(alone.stdout);
  });

  it('a terminal stays a terminal', async () => {
    const report = join(home.dir, 'report');
    const line = launcher.map((word) => `'${word}'`).join(' ');
    await typed(['script', '-qec', line, '/dev/null'], [], { FAKE_CLAUDE_REPORT: report });
    expect(JSON.parse(readFileSync(report, 'utf8')).terminal).toEqual([true, true, true]);
  });

  it.each<[string, number]>([
    ['/nowhere/claude', 127],
    ['/etc/passwd', 126],
  ])('%s ends with %i', async (file, status) => {
    expect((await typed([launcher[0], RUN, file], [])).status).toBe(status);
  });

  it('a broken binary ends as it does alone, and does not abort node', async () => {
    const file = join(home.dir, 'broken');
    writeFileSync(file, Buffer.from('7f454c46ffffffff', 'hex'), { mode: 0o755 });
    const alone = await typed([file], []);
    const launched = await typed([launcher[0], RUN, file], []);
    expect([launched.status, launched.signal]).toEqual([alone.status, alone.signal]);
  });
});

function readReport(file: string): { pid: number } | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}

describe.each(node24Only)('%s', (_, launcher) => {
  it('claude takes over the process of the launcher', async () => {
    const { stdout } = await typed(launcher, []);
    const { pid, env } = JSON.parse(stdout);
    expect(env.RUN_CLAUDE_PID).toBe(String(pid));
  });

  it('a file name with an equals sign is no variable', async () => {
    const file = join(home.dir, 'claude=1');
    writeFileSync(file, '#!/bin/sh\nexit 7\n', { mode: 0o755 });
    expect((await typed([launcher[0], RUN, file], [])).status).toBe(7);
  });
});
