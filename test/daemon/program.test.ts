import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { networkInterfaces } from 'node:os';
import { describe, expect, it } from 'vitest';
import { processStart } from '../../src/state.ts';
import type { Home } from '../support/home.ts';
import { httpsRequest } from '../support/https-request.ts';
import { createProgramHome, programCommand, readState, runProgram, startDaemon } from '../support/program.ts';
import { type Outcome, run, start } from '../support/run.ts';
import { waitFor } from '../support/wait-for.ts';

/** The launcher's own way to a running daemon, without a Claude behind it. */
const launch = (home: Home, env: NodeJS.ProcessEnv = {}): Promise<Outcome> =>
  runProgram(home, ['headers', 'code'], { env });

const canConnect = (host: string, port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect({ host, port });
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('close', () => socket.destroy());
  });

describe.each(['uws', 'https'])('the real daemon on %s', (engine) => {
  const createHome = (): Promise<Home> => createProgramHome({ CLAUDE_SECURE_ENGINE: engine });

  it('R10: 20 launchers at once on an empty home get one daemon, and nobody leaves a lock', async () => {
    const home = await createHome();
    const outcomes = await Promise.all(Array.from({ length: 20 }, () => launch(home)));
    for (const { status, stdout, stderr } of outcomes) {
      expect(stderr).toBe('');
      expect(status).toBe(0);
      expect(JSON.parse(stdout).Authorization).toMatch(/^Bearer eyJ/);
    }
    expect(existsSync(home.paths.startLock)).toBe(false);
    const { stdout } = await runProgram(home, ['logs']);
    expect(stdout.match(/"daemon\.started"/g)).toHaveLength(1);
  });

  it('R10: the one of 20 that starts the daemon is killed in mid-start: the others get one all the same', async () => {
    const home = await createHome();
    const running = Array.from({ length: 20 }, () =>
      start(programCommand(['headers', 'code']), { env: home.env, cwd: home.dir }),
    );
    const holder = await waitFor('the lock', () => {
      try {
        return JSON.parse(readFileSync(home.paths.startLock, 'utf8')).pid as number;
      } catch {
        return undefined;
      }
    });
    process.kill(holder, 'SIGKILL');
    const outcomes = await Promise.all(running.map(({ ended }) => ended));
    const killed = outcomes.filter(({ signal }) => signal === 'SIGKILL');
    const served = outcomes.filter(({ status, stdout }) => status === 0 && stdout.includes('Bearer eyJ'));
    expect([killed.length, served.length]).toEqual([1, 19]);
    expect(existsSync(home.paths.startLock)).toBe(false);
    expect((await runProgram(home, ['status'])).status).toBe(0);
  });

  it('R10, R11: a daemon that was killed comes back on its port, as another instance', async () => {
    const home = await createHome();
    expect((await launch(home)).status).toBe(0);
    const state = readState(home);
    process.kill(state?.pid ?? 0, 'SIGKILL');
    await waitFor('its end', () => processStart(state?.pid ?? 0) === undefined);
    expect((await launch(home)).status).toBe(0);
    expect(readState(home)).toMatchObject({ port: state?.port });
    expect(readState(home)?.instanceId).not.toBe(state?.instanceId);
  });

  it('R8: a second daemon leaves with exit 5, the first answers 200 of 200, on 127.0.0.1 alone', async () => {
    const home = await createHome();
    const { state, ca } = await startDaemon(home);
    const second = await runProgram(home, ['serve']);
    expect(second).toMatchObject({ status: 5, stderr: expect.stringContaining('DAEMON_RUNNING') });
    expect(second.stderr).toContain(`pid ${state.pid}`);
    const answers = await Promise.all(
      Array.from({ length: 200 }, () => httpsRequest({ port: state.port, ca, path: '/health' })),
    );
    expect(new Set(answers.map(({ text }) => JSON.parse(text).instanceId))).toEqual(
      new Set([state.instanceId]),
    );
    const listening = await run(['ss', '-Hltn', `sport = :${state.port}`], { env: home.env });
    expect(listening.stdout.trim().split('\n')).toEqual([
      expect.stringContaining(` 127.0.0.1:${state.port} `),
    ]);
    const others = Object.values(networkInterfaces())
      .flatMap((addresses) => addresses ?? [])
      .map(({ address }) => address)
      .filter((address) => address !== '127.0.0.1' && !address.startsWith('fe80'));
    for (const host of ['::1', ...others])
      expect([host, await canConnect(host, state.port)]).toEqual([host, false]);
  });

  it('a start that fails is told with its lines, in exit 1', async () => {
    const home = await createHome();
    expect((await launch(home)).status).toBe(0);
    expect((await runProgram(home, ['stop'])).status).toBe(0);
    writeFileSync(home.paths.ownerSecret, 'not a secret', { mode: 0o600 });
    const { status, stderr } = await launch(home);
    expect(status).toBe(1);
    expect(stderr).toContain('(DAEMON_START_FAILED)');
    expect(stderr).toContain('does not hold an owner secret');
    expect(readState(home)).toBeUndefined();
  });
});
