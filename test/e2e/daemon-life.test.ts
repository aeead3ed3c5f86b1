import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { httpsRequest } from '../support/https-request.ts';
import { createProgramHome, readState, runProgram, startDaemon } from '../support/program.ts';
import { openTls } from '../support/raw-tls.ts';
import { waitFor } from '../support/wait-for.ts';

const ENGINES = ['uws', 'https'];
const HELPERS = 8;

/** A process that has ended but was not collected yet has no command line any more. */
function isAlive(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8') !== '';
  } catch {
    return false;
  }
}

describe.each(ENGINES)('the end of a daemon on %s', (engine) => {
  it('comes when nobody has held a connection for the idle time, and not before', async () => {
    const home = await createProgramHome({ CLAUDE_SECURE_ENGINE: engine, CLAUDE_SECURE_IDLE: '1s' });
    const { state, ca, running } = await startDaemon(home);
    const socket = await openTls({ port: state.port, ca });
    const heldUntil = performance.now() + 2_500;
    let asked = performance.now();
    await waitFor('more than two idle times', () => {
      expect(isAlive(state.pid)).toBe(true);
      asked = performance.now();
      return asked > heldUntil;
    });
    socket.destroy();
    expect(await running.ended).toMatchObject({ status: 0 });
    expect(existsSync(home.paths.state)).toBe(false);
    expect(readFileSync(home.paths.daemonLog, 'utf8')).toContain('"reason":"idle"');
  });

  it.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)('is orderly on %s', async (signal) => {
    const home = await createProgramHome({ CLAUDE_SECURE_ENGINE: engine });
    const { running } = await startDaemon(home);
    running.kill(signal);
    expect(await running.ended).toMatchObject({ status: 0, signal: null });
    expect(existsSync(home.paths.state)).toBe(false);
  });

  it('comes by itself when its home is removed', async () => {
    const home = await createProgramHome({ CLAUDE_SECURE_ENGINE: engine });
    const { state, ca, running } = await startDaemon(home);
    rmSync(home.paths.root, { recursive: true });
    await httpsRequest({ port: state.port, ca, path: '/health' });
    expect(await running.ended).toMatchObject({ status: 0 });
  });

  it('comes by itself when another instance stands in the state file', async () => {
    const home = await createProgramHome({ CLAUDE_SECURE_ENGINE: engine });
    const { state, ca, running } = await startDaemon(home);
    const other = JSON.stringify({ ...state, instanceId: 'another' });
    writeFileSync(home.paths.state, other);
    await httpsRequest({ port: state.port, ca, path: '/health' });
    expect(await running.ended).toMatchObject({ status: 0 });
    expect(readFileSync(home.paths.state, 'utf8')).toBe(other);
  });
});

describe.each(ENGINES)('a successor on %s', (engine) => {
  it('takes its turn at the store while the one before it still waits for a slow request', async () => {
    const home = await createProgramHome({
      CLAUDE_SECURE_ENGINE: engine,
      CLAUDE_SECURE_CLAUDE: '/bin/true',
      CLAUDE_SECURE_REQUIRE: '1',
    });
    const { state, ca, running } = await startDaemon(home);
    const socket = await openTls({ port: state.port, ca });
    socket.on('error', () => {});
    const head = [
      'POST /oauth/token HTTP/1.1',
      `Host: 127.0.0.1:${state.port}`,
      'Content-Type: application/x-www-form-urlencoded',
      'Content-Length: 100',
    ];
    socket.write(`${head.join('\r\n')}\r\n\r\ngrant`);
    // The request is in the handler's hands once the daemon has answered a later one.
    await httpsRequest({ port: state.port, ca, path: '/health' });
    rmSync(home.paths.certificates, { recursive: true });
    const launch = await runProgram(home, ['-p', 'hi']);
    expect(launch).toMatchObject({ status: 0 });
    expect(readState(home)?.instanceId).not.toBe(state.instanceId);
    expect((await running.ended).status).toBe(0);
  });
});

describe('the headers helper', () => {
  it('never fails Claude, also when the daemon is killed under it', async () => {
    const home = await createProgramHome();
    await runProgram(home, ['headers', 'code']);
    const killed = readState(home);
    const helpers = Array.from({ length: HELPERS }, () => runProgram(home, ['headers', 'code']));
    // Some have found it alive by now and some have not: whoever comes between must ask once more.
    await waitFor('a token to be minted', () => {
      const log = readFileSync(home.paths.daemonLog, 'utf8');
      return (log.match(/"token.minted"/g)?.length ?? 0) > 1;
    });
    process.kill(killed?.pid ?? 0, 'SIGKILL');
    for (const { status, stdout, stderr } of await Promise.all(helpers)) {
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
      expect(JSON.parse(stdout)).toMatchObject({ Authorization: expect.stringMatching(/^Bearer \S+$/) });
    }
  });
});

describe('the guide: deleting the certificates makes new ones', () => {
  it('rm -rf certs, start again: a new root, a new daemon, nothing to stop by hand', async () => {
    const home = await createProgramHome({ CLAUDE_SECURE_CLAUDE: '/bin/true', CLAUDE_SECURE_REQUIRE: '1' });
    expect((await runProgram(home, ['-p', 'hi'])).status).toBe(0);
    const before = readState(home);
    rmSync(home.paths.certificates, { recursive: true });
    const again = await runProgram(home, ['-p', 'hi']);
    expect(again.stderr).toContain('made a certificate');
    expect(again.status).toBe(0);
    const after = readState(home);
    expect(after?.rootSha256).not.toBe(before?.rootSha256);
    expect(after?.port).toBe(before?.port);
    await waitFor('the old daemon to end', () => !isAlive(before?.pid ?? 0));
  });
});
