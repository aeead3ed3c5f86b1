import { writeFileSync } from 'node:fs';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { TrafficEntry } from '../../src/control.ts';
import { createHome } from '../support/home.ts';
import { programCommand, runProgram } from '../support/program.ts';
import { start } from '../support/run.ts';
import { waitFor } from '../support/wait-for.ts';
import { type ScriptedDaemon, startScriptedDaemon } from './scripted-daemon.ts';

const ENTRY: TrafficEntry = {
  sequence: 0,
  time: '2026-11-22T18:58:03.123Z',
  direction: 'to-server',
  kind: 'request',
  method: 'tools/call',
  target: 'echo',
  ms: undefined,
  bytes: 184,
  outcome: undefined,
  body: undefined,
};
const KEPT: readonly TrafficEntry[] = [
  ENTRY,
  { ...ENTRY, sequence: 1, direction: 'to-client', kind: 'response', ms: 18.26, outcome: 'error -32602' },
  { ...ENTRY, sequence: 2, kind: 'notification', method: 'ping', target: undefined, bytes: undefined },
];
const BODY = '{"text":"a\nb\u001b[2J","token":"Bearer canary-token"}';

/** A daemon that keeps these messages, tells so many at once, and gets one more whenever somebody waits. */
function startDaemon(kept: readonly TrafficEntry[], atOnce = kept.length): Promise<ScriptedDaemon> {
  const all = [...kept];
  return startScriptedDaemon({
    traffic({ server, after, bodies }) {
      if (server !== 'memory') return { known: false, entries: [], last: -1, more: false };
      const last = all.length - 1;
      if (after === last) all.push({ ...ENTRY, sequence: last + 1, method: `later/${last + 1}` });
      const found = all.filter(({ sequence }) => sequence > after);
      const entries = found.slice(0, atOnce).map((entry) => (bodies ? { ...entry, body: BODY } : entry));
      const told = entries.at(-1)?.sequence ?? after;
      return { known: true, last: told, entries, more: told < all.length - 1 };
    },
  });
}

const logs = (daemon: ScriptedDaemon, ...args: string[]) =>
  runProgram(daemon, ['logs', ...args], { env: { TZ: 'UTC' } });

describe('logs --server', () => {
  it('prints what is kept, one line for each message, and asks for no body', async () => {
    const daemon = await startDaemon(KEPT);
    expect(await logs(daemon, '--server', 'memory')).toMatchObject({
      status: 0,
      stderr: '',
      stdout: [
        '18:58:03.123  ->  request tools/call  echo  184 B',
        '18:58:03.123  <-  response tools/call  echo  18.3 ms  184 B  error -32602',
        '18:58:03.123  ->  notification ping',
        '',
      ].join('\n'),
    });
    expect(daemon.asked).toEqual([
      { action: 'traffic', request: { server: 'memory', after: -1, bodies: false } },
    ]);
  });

  it('prints all that is kept, where it takes several answers, and waits for nothing more', async () => {
    const daemon = await startDaemon(KEPT, 2);
    const { stdout } = await logs(daemon, '--server', 'memory');
    expect(stdout.trimEnd().split('\n')).toHaveLength(KEPT.length);
    expect(daemon.asked).toHaveLength(2);
  });

  it('R55, R56: with --bodies shows them behind, on the same line, printable and without credentials', async () => {
    const { stdout } = await logs(await startDaemon([ENTRY]), '--server=memory', '--bodies');
    expect(stdout).toBe(
      '18:58:03.123  ->  request tools/call  echo  184 B  {"text":"a\ufffdb\ufffd[2J","token":"[redacted]\n',
    );
  });

  it('-f goes on with what comes, until Ctrl-C', async () => {
    const daemon = await startDaemon([ENTRY]);
    const command = programCommand(['logs', '-f', '--server', 'memory']);
    const running = start(command, { env: daemon.env, cwd: daemon.dir });
    onTestFinished(() => running.kill('SIGKILL'));
    await waitFor('two more messages', () => running.output.stdout.includes('later/2'));
    running.kill('SIGINT');
    const { stdout, signal } = await running.ended;
    expect(signal).toBe('SIGINT');
    const seen = [...stdout.matchAll(/request (\S+)/g)].map(([, method]) => method);
    expect(seen.slice(0, 3)).toEqual(['tools/call', 'later/1', 'later/2']);
    const after = daemon.asked.map(({ request }) => (request as { after: number }).after);
    expect(after.slice(0, 3)).toEqual([-1, 0, 1]);
  });

  it('-f ends when nobody reads', async () => {
    const daemon = await startDaemon(KEPT);
    const script = '"$@" | head -n 1; echo "${PIPESTATUS[0]}"';
    const command = [
      'bash',
      '-c',
      script,
      'bash',
      ...programCommand(['logs', '-f', '--server', 'memory']),
    ] as const;
    const running = start(command, { env: daemon.env, cwd: daemon.dir });
    onTestFinished(() => running.kill('SIGKILL'));
    expect((await running.ended).stdout).toMatch(/request tools\/call .*\n0\n$/);
  });

  it('an unknown server is NOT_FOUND', async () => {
    const { status, stdout, stderr } = await logs(await startDaemon(KEPT), '--server', 'other', '-f');
    expect([status, stdout]).toEqual([1, '']);
    expect(stderr).toContain('there is no upstream other (NOT_FOUND)');
  });

  it('of a server that is disabled says so', async () => {
    const daemon = await startDaemon(KEPT);
    const text = '{"mcpServers":{"off":{"command":"x","enabled":false}}}';
    writeFileSync(daemon.paths.upstreams, text, { mode: 0o600 });
    const { status, stdout, stderr } = await logs(daemon, '--server', 'off');
    expect([status, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(/off is disabled \(NOT_FOUND\)\n {2}hint: claude-secure upstream enable off\n/);
  });

  it('of a server that nobody has asked yet says so, and nothing on stdout', async () => {
    const daemon = await startScriptedDaemon({
      traffic: () => ({ known: true, entries: [], last: 0, more: false }),
    });
    const { status, stdout, stderr } = await logs(daemon, '--server', 'memory');
    expect([status, stdout, stderr]).toEqual([0, '', 'claude-secure: no message of memory yet\n']);
  });

  it('without a daemon ends with 3, and --bodies without a server with 2', async () => {
    const home = createHome();
    const stopped = await runProgram(home, ['logs', '--server', 'memory']);
    expect([stopped.status, stopped.stderr]).toEqual([3, expect.stringContaining('DAEMON_NOT_RUNNING')]);
    const misused = await runProgram(home, ['logs', '--bodies']);
    expect([misused.status, misused.stderr]).toEqual([2, expect.stringContaining('--bodies needs --server')]);
  });
});
