import { describe, expect, it } from 'vitest';
import { askControl, readStatus, readUpstream, reportOf } from '../support/control.ts';
import { ENGINES } from '../support/listen.ts';
import { openSession, tryOpenSession } from '../support/mcp-session.ts';
import { isAlive } from '../support/processes.ts';
import { lifeServer, type ServerEntry, startServers, writeServers } from '../support/upstreams.ts';
import { waitFor } from '../support/wait-for.ts';

const START_FAILED = 'did not start; claude-secure status tells why';

async function pidOf(session: { call(tool: string): Promise<unknown> }): Promise<number> {
  return ((await session.call('who')) as { pid: number }).pid;
}

describe.each(ENGINES)('R54: a server that is killed in mid-call, on %s', (engine) => {
  it('fails that call within 1 s and no other, and comes back behind the same session', async () => {
    const servers = { one: lifeServer(), two: lifeServer() };
    const { home, at } = await startServers(servers, { CLAUDE_SECURE_ENGINE: engine });
    const [one, two] = [await openSession(at('one')), await openSession(at('two'))];
    const pid = await pidOf(one);
    const hanging = one.tryCall('hang');
    const elsewhere = two.call('sleep', { ms: 1_500 });
    await waitFor('the call to be under way', async () => {
      const { entries } = await askControl(home, 'traffic', { server: 'one', after: -1, bodies: false });
      return entries.some(({ target }) => target === 'hang');
    });

    process.kill(pid, 'SIGKILL');
    const killed = performance.now();
    expect((await hanging).error).toEqual({
      code: -32_603,
      message: 'the server one ended during the call',
    });
    expect(performance.now() - killed).toBeLessThan(1_000);
    expect(await reportOf(home, 'one')).toMatchObject({
      state: 'waiting',
      restarts: 0,
      lastError: 'was ended by SIGKILL',
    });
    expect(await pidOf(one)).not.toBe(pid);
    expect(await elsewhere).toBe('slept');
    expect(await reportOf(home, 'one')).toMatchObject({ state: 'running', restarts: 1 });
    expect(await readUpstream(home, 'two')).toMatchObject({ restarts: 0 });
  });
});

const BAD: Record<string, { entry: ServerEntry; lastError: RegExp }> = {
  'exits-at-once': { entry: lifeServer('exits', '3'), lastError: /^ended with status 3$/ },
  'is-not-there': {
    entry: { command: 'no-such-program-anywhere' },
    lastError: /^the command no-such-program-anywhere was not found on the PATH$/,
  },
  'is-no-program': { entry: { command: '/etc/passwd' }, lastError: /not there or not executable$/ },
  'has-no-directory': {
    entry: { ...lifeServer(), cwd: '/no/such/directory' },
    lastError: /^the directory \/no\/such\/directory does not exist$/,
  },
  'speaks-another-protocol': {
    entry: lifeServer('foreign'),
    lastError: /^speaks another protocol \(version "1999-01-01"\)$/,
  },
  'is-no-server': {
    entry: { command: 'sh', args: ['-c', 'echo usage: x; exit 1'] },
    lastError: /^ended with status 1$/,
  },
};

describe('R54: a command that', () => {
  it('cannot be a server: its client is told, status tells why, the daemon lives', async () => {
    const entries = Object.entries(BAD).map(([name, { entry }]) => [name, entry] as const);
    const { home, daemon, at } = await startServers({ ...Object.fromEntries(entries), good: lifeServer() });
    for (const [name, { lastError }] of Object.entries(BAD)) {
      const { session, status, answer } = await tryOpenSession(at(name));
      expect({ session, status }).toEqual({ session: undefined, status: 200 });
      expect(answer.error).toEqual({ code: -32_603, message: `the server ${name} ${START_FAILED}` });
      expect(await reportOf(home, name)).toMatchObject({
        state: 'waiting',
        restarts: 0,
        lastError: expect.stringMatching(lastError),
      });
    }
    expect(await (await openSession(at('good'))).call('echo', { a: 1 })).toEqual({ a: 1 });
    expect((await readStatus(home)).upstreams).toHaveLength(entries.length + 1);
    expect(isAlive(daemon.state.pid)).toBe(true);
  });

  it.each(['garbage', 'silent'])(
    'answers nothing (%s): status says so, and to take it away ends it',
    async (mode) => {
      const { home, at } = await startServers({ bad: lifeServer(mode), good: lifeServer() });
      const opening = tryOpenSession(at('bad'));
      const pid = await waitFor('it to start', async () => {
        const { state, processes } = await reportOf(home, 'bad');
        return state === 'starting' ? processes[0]?.pid : undefined;
      });
      expect(await (await openSession(at('good'))).call('echo', { a: 1 })).toEqual({ a: 1 });
      writeServers(home, { good: lifeServer() });
      await askControl(home, 'upstreams', {});
      expect((await opening).answer.error).toMatchObject({ message: `the server bad ${START_FAILED}` });
      await waitFor('it to end', () => !isAlive(pid));
    },
  );

  it('dies again and again: it is started less and less often, behind a session that lives on', async () => {
    const { home, at } = await startServers({ bad: lifeServer('dies'), good: lifeServer() });
    const session = await openSession(at('bad'));
    const begun = performance.now();
    const second = await waitFor('the second restart', async () => {
      const bad = await reportOf(home, 'bad');
      return bad.restarts >= 2 && bad.state === 'waiting' ? bad : undefined;
    });
    expect(performance.now() - begun, 'it waited 1 s, then 2 s').toBeGreaterThan(2_900);
    expect(second).toMatchObject({ restarts: 2, lastError: 'ended with status 7' });
    expect((await session.request('tools/list')).error).toBeUndefined();
    expect((await session.request('ping')).result).toEqual({});
    expect(await (await openSession(at('good'))).call('echo', { a: 1 })).toEqual({ a: 1 });
  });
});

describe('R54: a call that hangs', () => {
  it('holds up no other call, of this server or of another one, and is cancelled with its client', async () => {
    const { home, at } = await startServers({ one: lifeServer(), two: lifeServer() });
    const [ada, bob] = [await openSession(at('one')), await openSession(at('one'))];
    const pid = await pidOf(ada);
    const hanging = ada.tryCall('hang').catch(() => undefined);
    expect(await bob.call('echo', { a: 1 })).toEqual({ a: 1 });
    expect(await ada.call('echo', { a: 2 })).toEqual({ a: 2 });
    expect(await (await openSession(at('two'))).call('echo', { a: 3 })).toEqual({ a: 3 });
    expect(await reportOf(home, 'one')).toMatchObject({ state: 'running', restarts: 0 });
    expect(await ada.delete()).toBe(204);
    await hanging;
    const { received } = (await bob.call('dump')) as { received: string[] };
    expect(received.filter((line) => line.includes('notifications/cancelled'))).toHaveLength(1);
    expect(await pidOf(bob)).toBe(pid);
  });
});
