import { randomUUID } from 'node:crypto';
import { chmodSync, existsSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { ensureDaemon } from '../../src/daemon/ensure.ts';
import { findDaemon } from '../../src/daemon/find.ts';
import { processStart } from '../../src/state.ts';
import { HOSTILE_STATES, WHOLE_STATE } from '../support/hostile-states.ts';
import { freePort, readState } from '../support/program.ts';
import { start } from '../support/run.ts';
import { waitFor } from '../support/wait-for.ts';
import { createCredentials } from './credentials.ts';
import { createDaemonHome, type DaemonHome } from './home.ts';
import { startStranger } from './stranger.ts';

const ENSURE = fileURLToPath(new URL('../../dist/daemon/ensure.js', import.meta.url));

const instanceOf = async (home: DaemonHome, env?: NodeJS.ProcessEnv): Promise<string> =>
  (await ensureDaemon(home.ensureOptions(env))).health.instanceId;

const kill = async (pid: number): Promise<void> => {
  process.kill(pid, 'SIGKILL');
  await waitFor(`process ${pid} to end`, () => processStart(pid) === undefined);
};

/** One launcher in a process of its own: says the instance that it got, or the code of its failure. */
function launch(home: DaemonHome, env: NodeJS.ProcessEnv = {}): ReturnType<typeof start> {
  const script = `const { ensureDaemon } = await import(${JSON.stringify(ENSURE)});
    const options = ${JSON.stringify(home.ensureOptions(env))};
    try { process.stdout.write((await ensureDaemon(options)).health.instanceId); }
    catch (error) { process.stdout.write(String(error.code)); }`;
  return start([process.execPath, '--input-type=module', '-e', script], { env: { ...home.env, ...env } });
}

describe('ensureDaemon', () => {
  it('starts the daemon, then finds it', async () => {
    const home = await createDaemonHome();
    const first = await ensureDaemon(home.ensureOptions());
    expect(first).toMatchObject({ port: home.port, started: true });
    const second = await ensureDaemon(home.ensureOptions());
    expect(second).toEqual({ port: home.port, health: first.health, started: false, notices: [] });
    expect(existsSync(home.paths.startLock)).toBe(false);
  });

  it('the daemon inherits nothing of the session, has a session of its own and knows who asked', async () => {
    const home = await createDaemonHome();
    const kept = { CLAUDE_SECURE_LOG: 'debug', LANG: 'C.UTF-8', CLAUDE_SECURE_IDLE: '5m' };
    const stripped = {
      CLAUDECODE: '1',
      CLAUDE_CODE_ENTRYPOINT: 'cli',
      CLAUDE_CONFIG_DIR: '/c',
      ANTHROPIC_API_KEY: 'sk-ant-canary',
      NODE_OPTIONS: '--no-warnings',
      NODE_EXTRA_CA_CERTS: '/dev/null',
      NODE_TLS_REJECT_UNAUTHORIZED: '0',
      HTTPS_PROXY: 'http://127.0.0.1:1',
      https_proxy: 'http://127.0.0.1:1',
      no_proxy: '*',
      npm_config_registry: 'http://127.0.0.1:1',
      CLAUDE_SECURE_HOP: '1',
    };
    const { health } = await ensureDaemon(home.ensureOptions({ ...kept, ...stripped }));
    const lines = readFileSync(`/proc/${health.pid}/environ`, 'utf8').split('\0').filter(Boolean);
    const env = Object.fromEntries(lines.map((line) => line.split(/=(.*)/s)));
    expect(env).toMatchObject({ ...kept, CLAUDE_SECURE_HOME: home.paths.root });
    for (const name of Object.keys(stripped)) expect(env).not.toHaveProperty(name);
    expect(readlinkSync(`/proc/${health.pid}/cwd`)).toBe(home.paths.root);
    const session = readFileSync(`/proc/${health.pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ')[3];
    expect(session).toBe(String(health.pid));
    const startedBy = { label: 'claude-secure', cwd: process.cwd(), pid: process.pid };
    expect(readState(home)?.startedBy).toEqual(startedBy);
  });

  it('R10: 20 launchers at once, cold, get one and the same daemon', async () => {
    const home = await createDaemonHome();
    const launchers = Array.from({ length: 20 }, () => launch(home));
    const outcomes = await Promise.all(launchers.map(({ ended }) => ended));
    const instance = readState(home)?.instanceId;
    expect(outcomes.map(({ stdout }) => stdout)).toEqual(Array.from({ length: 20 }, () => instance));
    expect(existsSync(home.paths.startLock)).toBe(false);
  });

  it('R10: the holder of the lock killed in mid-start hinders nobody', async () => {
    const home = await createDaemonHome();
    const first = launch(home);
    await waitFor('the lock', () => existsSync(home.paths.startLock));
    first.kill('SIGKILL');
    await first.ended;
    const outcomes = await Promise.all(Array.from({ length: 5 }, () => launch(home).ended));
    const instance = await instanceOf(home);
    expect(outcomes.map(({ stdout }) => stdout)).toEqual(Array.from({ length: 5 }, () => instance));
    expect(existsSync(home.paths.startLock)).toBe(false);
  });

  it('R11: heals after kill -9 under the same port', async () => {
    const home = await createDaemonHome();
    const first = await ensureDaemon(home.ensureOptions());
    await kill(first.health.pid);
    const second = await ensureDaemon(home.ensureOptions());
    expect(second).toMatchObject({ port: home.port, started: true });
    expect(second.health.instanceId).not.toBe(first.health.instanceId);
  });

  it('R11: starts whatever state.json holds, and never trusts it', async () => {
    const home = await createDaemonHome();
    const options = { paths: home.paths, roots: home.roots };
    const alive = JSON.stringify({ ...WHOLE_STATE, pid: process.pid, procStart: processStart(process.pid) });
    for (const [, text] of [...HOSTILE_STATES, ['a live process', alive] as const]) {
      writeFileSync(home.paths.state, text, { mode: 0o600 });
      expect((await findDaemon(options)).state).toBe('absent');
    }
    expect((await ensureDaemon(home.ensureOptions())).started).toBe(true);
  });

  it('R9: a daemon that is not the instance in state.json is not used', async () => {
    const home = await createDaemonHome();
    const { port } = await ensureDaemon(home.ensureOptions());
    const state = { ...WHOLE_STATE, port, instanceId: randomUUID() };
    writeFileSync(home.paths.state, JSON.stringify(state), { mode: 0o600 });
    const found = await findDaemon({ paths: home.paths, roots: home.roots });
    expect(found).toEqual({ state: 'unhealthy', reason: 'replaced', port });
  });

  it('R3: a state file that others may write is named, not read', async () => {
    const home = await createDaemonHome();
    writeFileSync(home.paths.state, JSON.stringify(WHOLE_STATE), { mode: 0o600 });
    chmodSync(home.paths.state, 0o666);
    await expect(ensureDaemon(home.ensureOptions())).rejects.toMatchObject({ code: 'FILE_UNSAFE' });
  });
});

describe('a start that fails', () => {
  it('is told at once with the last 20 lines, which move no cursor', async () => {
    const home = await createDaemonHome();
    const failure = await ensureDaemon(home.ensureOptions({ DAEMON_FAULT: 'crash' })).catch((error) => error);
    expect(failure.code).toBe('DAEMON_START_FAILED');
    const [first, ...lines] = failure.message.split('\n');
    expect(first).toBe(`the daemon ended with status 1; see ${home.paths.bootLog}`);
    expect(lines).toHaveLength(20);
    expect(lines.at(-1)).toMatch(/^fatal: line 30/);
    expect(failure.message).toMatch(/^[\x20-\x7e\n]+$/);
    expect(existsSync(home.paths.startLock)).toBe(false);
  });

  it('again and again pauses further ones', async () => {
    const home = await createDaemonHome();
    const messages: string[] = [];
    for (let attempt = 0; attempt < 5; attempt++) {
      await ensureDaemon(home.ensureOptions({ DAEMON_FAULT: 'crash' })).catch(({ message }) =>
        messages.push(message),
      );
    }
    expect(messages[3]).toContain('ended with status 1');
    expect(messages[4]).toMatch(/failed to start again and again; the next try is in \d+ s/);
  });

  it.each([
    ['with a certificate of its own', true],
    ['without TLS', false],
  ])('R7: a stranger on the port %s is named, with the way out, and gets no secret', async (_, hasTls) => {
    const home = await createDaemonHome();
    const credentials = createCredentials();
    const stranger = await startStranger({ port: home.port, ...(hasTls && { credentials }) });
    const failure = await ensureDaemon(home.ensureOptions()).catch((error) => error);
    expect(failure.code).toBe('PORT_TAKEN');
    expect(failure.message).toMatch(`port ${home.port} is used by`);
    expect(failure.message).toContain(`(pid ${process.pid}, uid ${process.getuid?.()})`);
    expect(failure.hint).toContain('CLAUDE_SECURE_PORT');
    expect(stranger.received()).not.toContain(readFileSync(home.paths.ownerSecret, 'utf8'));
    expect(stranger.received()).not.toContain('HTTP/1.1');
  });
});

describe('a daemon of another version or port', () => {
  it('older and idle: is replaced', async () => {
    const home = await createDaemonHome();
    const old = await ensureDaemon(home.ensureOptions({ DAEMON_VERSION: '0.9.0' }));
    const options = { ...home.ensureOptions({ DAEMON_VERSION: '0.10.0' }), version: '0.10.0' };
    const fresh = await ensureDaemon(options);
    expect(fresh).toMatchObject({ started: true, port: old.port, health: { version: '0.10.0' } });
    await waitFor('the old one to end', () => processStart(old.health.pid) === undefined);
  });

  it('older and busy: is used, and the person is told', async () => {
    const home = await createDaemonHome();
    const old = await ensureDaemon(home.ensureOptions({ DAEMON_VERSION: '0.1.0', DAEMON_FAULT: 'busy' }));
    const ensured = await ensureDaemon({ ...home.ensureOptions(), version: '0.2.0' });
    expect(ensured).toMatchObject({ started: false, health: old.health });
    expect(ensured.notices).toEqual([expect.stringMatching(/0\.1\.0.*claude-secure restart/)]);
  });

  it('newer: is used as it is', async () => {
    const home = await createDaemonHome();
    const newer = await ensureDaemon(home.ensureOptions({ DAEMON_VERSION: '0.2.0' }));
    expect(await ensureDaemon(home.ensureOptions())).toEqual({ ...newer, started: false });
  });

  it('CLAUDE_SECURE_PORT moves an idle one', async () => {
    const home = await createDaemonHome();
    const first = await ensureDaemon(home.ensureOptions());
    const port = await freePort();
    const moved = await ensureDaemon(home.ensureOptions({ CLAUDE_SECURE_PORT: String(port) }));
    expect(moved).toMatchObject({ port, started: true });
    await waitFor('the old one to end', () => processStart(first.health.pid) === undefined);
  });
});
