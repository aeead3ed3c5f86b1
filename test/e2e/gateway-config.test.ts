import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readEvents } from '../mcp/event-reader.ts';
import { askControl, readStatus, reportOf } from '../support/control.ts';
import { type McpSession, openSession, tryOpenSession } from '../support/mcp-session.ts';
import { isAlive } from '../support/processes.ts';
import { createProgramHome, runProgram } from '../support/program.ts';
import { lifeServer, type ServedUpstreams, startServers, writeServers } from '../support/upstreams.ts';
import { waitFor } from '../support/wait-for.ts';

const NODE = process.execPath;
const [SCRIPT = ''] = lifeServer().args ?? [];
const STAYS = lifeServer();

interface Scene extends ServedUpstreams {
  /** A session of the server that changes, and the process behind it. */
  readonly session: McpSession;
  readonly pid: number;
  /** Holds that the other server’s session, its open call and its open stream were not touched. */
  expectUntouched(): Promise<void>;
}

const pidOf = async (session: McpSession): Promise<number> =>
  ((await session.call('who')) as { pid: number }).pid;

/** Two servers in use: `stays` with a call and a stream open, and `changes`. */
async function setScene(): Promise<Scene> {
  const served = await startServers({ stays: STAYS, changes: lifeServer() });
  const bystander = await openSession(served.at('stays'));
  const pid = await pidOf(bystander);
  const events = readEvents(await bystander.listen());
  let hasEnded = false;
  const hanging = bystander.tryCall('hang').finally(() => {
    hasEnded = true;
  });
  hanging.catch(() => undefined);
  const session = await openSession(served.at('changes'));
  return {
    ...served,
    session,
    pid: await pidOf(session),
    async expectUntouched() {
      expect(await pidOf(bystander)).toBe(pid);
      expect(hasEnded).toBe(false);
      await bystander.call('touch', { uri: 'test://nobody' });
      await bystander.request('resources/subscribe', { uri: 'test://one' });
      await bystander.call('touch', { uri: 'test://one' });
      await events.next();
      expect(await events.message()).toMatchObject({ params: { uri: 'test://one' } });
    },
  };
}

const expectGone = async ({ session, pid }: Scene): Promise<void> => {
  expect((await session.post({ jsonrpc: '2.0', id: 1, method: 'tools/list' })).status).toBe(404);
  await waitFor('its process to end', () => !isAlive(pid));
};

describe('upstreams.json changes while the daemon runs', () => {
  it('added by hand: there within seconds; removed by hand: its sessions get 404, its process ends', async () => {
    const scene = await setScene();
    writeServers(scene.home, { stays: STAYS, added: lifeServer() });
    await waitFor('the daemon to read it', async () => (await tryOpenSession(scene.at('added'))).session);
    await expectGone(scene);
    expect((await readStatus(scene.home)).upstreams.map(({ name }) => name)).toEqual(['stays', 'added']);
    await scene.expectUntouched();
  });

  it('added, disabled, enabled and removed by the command: at once', async () => {
    const scene = await setScene();
    const { home, at } = scene;
    const upstream = async (...args: string[]) =>
      expect(await runProgram(home, ['upstream', ...args])).toMatchObject({ status: 0 });
    await upstream('add', 'added', '--env', 'NOTE=new', '--', NODE, SCRIPT);
    expect(await (await openSession(at('added'))).call('who')).toMatchObject({ note: 'new' });
    const open = scene.session.tryCall('hang');
    await waitFor('the call to be under way', async () => (await reportOf(home, 'changes')).calls === 2);
    await upstream('disable', 'changes');
    expect((await open).error).toEqual({
      code: -32_603,
      message: 'the server changes ended during the call',
    });
    await expectGone(scene);
    expect(await reportOf(home, 'changes')).toMatchObject({ state: 'disabled', processes: [] });
    await upstream('enable', 'changes');
    expect(await (await openSession(at('changes'))).call('echo', { a: 1 })).toEqual({ a: 1 });
    await upstream('remove', 'changes');
    expect((await tryOpenSession(at('changes')).catch(() => undefined))?.session).toBeUndefined();
    await scene.expectUntouched();
  });

  it('another environment: sessions live on, an open call is answered first, then the new process serves', async () => {
    const scene = await setScene();
    const { home, session, pid } = scene;
    const slow = session.call('sleep', { ms: 500 });
    await waitFor('the call to be under way', async () => (await reportOf(home, 'changes')).calls === 2);
    writeServers(home, { stays: STAYS, changes: { ...lifeServer(), env: { NOTE: 'new' } } });
    await askControl(home, 'upstreams', {});
    expect(await slow).toBe('slept');
    const who = (await session.call('who')) as { pid: number; note: string };
    expect(who.note).toBe('new');
    expect(who.pid).not.toBe(pid);
    await waitFor('the old process to end', () => !isAlive(pid));
    const { restarts, lastError } = await reportOf(home, 'changes');
    expect({ restarts, lastError }).toEqual({ restarts: 0, lastError: undefined });
    await scene.expectUntouched();
  });

  it('another command that is not there: its client is told; corrected: the same session goes on', async () => {
    const scene = await setScene();
    const { home, session } = scene;
    writeServers(home, { stays: STAYS, changes: { command: 'no-such-program-anywhere' } });
    await askControl(home, 'upstreams', {});
    expect((await session.tryCall('who')).error?.message).toContain('claude-secure status tells why');
    expect((await reportOf(home, 'changes')).lastError).toContain('was not found on the PATH');
    writeServers(home, { stays: STAYS, changes: lifeServer() });
    await askControl(home, 'upstreams', {});
    expect(await session.call('echo', { a: 1 })).toEqual({ a: 1 });
    await scene.expectUntouched();
  });

  it('shared in another way: its sessions end, new ones are served in the new way', async () => {
    const scene = await setScene();
    const { home, at } = scene;
    writeServers(home, { stays: STAYS, changes: { ...lifeServer(), sharing: 'per-session' } });
    await askControl(home, 'upstreams', {});
    await expectGone(scene);
    const [one, other] = [await openSession(at('changes')), await openSession(at('changes'))];
    expect(await pidOf(one)).not.toBe(await pidOf(other));
    await scene.expectUntouched();
  });

  it('nonsense: the last good one stays in force and status says what is wrong, and where', async () => {
    const scene = await setScene();
    const { home, session, pid } = scene;
    const good = readFileSync(home.paths.upstreams, 'utf8');
    const broken = {
      [good.replace('"args"', '"arguments"')]: /^upstreams\.json, line 5, column \d+: .*arguments/,
      [good.slice(0, 40)]: /^upstreams\.json, line \d+, column \d+: /,
      '{}': /mcpServers is missing/,
      '{"mcpServers":{"sse":{"command":"sh"}}}': /line 1, column \d+: .*sse is reserved/,
    };
    for (const [text, problem] of Object.entries(broken)) {
      writeFileSync(home.paths.upstreams, text);
      expect((await askControl(home, 'upstreams', {})).problem).toMatch(problem);
      expect(await pidOf(session)).toBe(pid);
    }
    const status = await readStatus(home);
    expect(status.problem).toContain('sse is reserved');
    expect(status.upstreams.map(({ name }) => name)).toEqual(['stays', 'changes']);

    writeServers(home, { stays: STAYS, changes: lifeServer(), added: lifeServer() });
    expect((await askControl(home, 'upstreams', {})).problem).toBeUndefined();
    expect(await pidOf(session)).toBe(pid);
    expect((await tryOpenSession(scene.at('added'))).session).toBeDefined();
    await scene.expectUntouched();
  });

  it('open to other accounts: it is refused until its mode is put right, and read then', async () => {
    const scene = await setScene();
    const { home, at } = scene;
    writeServers(home, { stays: STAYS, added: lifeServer() });
    chmodSync(home.paths.upstreams, 0o644);
    const { problem } = await askControl(home, 'upstreams', {});
    expect(problem).toMatch(/upstreams\.json has mode 0644, open to other accounts/);
    expect(await pidOf(scene.session)).toBe(scene.pid);
    chmodSync(home.paths.upstreams, 0o600);
    expect((await askControl(home, 'upstreams', {})).problem).toBeUndefined();
    expect((await tryOpenSession(at('added'))).session).toBeDefined();
    await expectGone(scene);
    await scene.expectUntouched();
  });

  it('nonsense at a restart: the restart says so', async () => {
    const home = await createProgramHome();
    mkdirSync(home.paths.root, { recursive: true, mode: 0o700 });
    writeFileSync(home.paths.upstreams, '{}', { mode: 0o600 });
    const { status, stdout, stderr } = await runProgram(home, ['restart']);
    expect([status, stdout]).toEqual([0, expect.stringMatching(/^running on .*\n$/)]);
    expect(stderr).toContain('upstreams.json, line 1, column 1: mcpServers is missing\n');
  });

  it('nonsense from the start: the daemon runs without servers, and has them once it is corrected', async () => {
    const { home, at } = await startServers({ sse: lifeServer() });
    const status = await readStatus(home);
    expect(status.upstreams).toEqual([]);
    expect(status.problem).toContain('sse is reserved');
    writeServers(home, { memory: lifeServer() });
    expect((await askControl(home, 'upstreams', {})).problem).toBeUndefined();
    expect(await (await openSession(at('memory'))).call('echo', { a: 1 })).toEqual({ a: 1 });
  });
});
