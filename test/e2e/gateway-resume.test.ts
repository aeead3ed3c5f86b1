import { describe, expect, it } from 'vitest';
import { call } from '../mcp/client.ts';
import { readEvents } from '../mcp/event-reader.ts';
import { askControl, mintFor, reportOf } from '../support/control.ts';
import { ENGINES } from '../support/listen.ts';
import { firstEventId, type McpSession, openSession } from '../support/mcp-session.ts';
import { findProcesses, isAlive } from '../support/processes.ts';
import { readState, runProgram } from '../support/program.ts';
import { lifeServer, type ServedUpstreams, startServers } from '../support/upstreams.ts';
import { waitFor } from '../support/wait-for.ts';

const URI = 'test://one';

/** `claude-secure restart`, or a daemon that is killed and started again by whoever needs it. */
async function restart({ home }: ServedUpstreams, way: 'restart' | 'kill -9'): Promise<void> {
  const before = readState(home)?.pid ?? 0;
  if (way === 'kill -9') {
    process.kill(before, 'SIGKILL');
    await waitFor('the daemon to be gone', () => !isAlive(before));
  }
  const command = way === 'restart' ? ['restart'] : ['headers', 'life'];
  expect(await runProgram(home, command)).toMatchObject({ status: 0 });
  expect(readState(home)?.pid).not.toBe(before);
}

/** The journal is a moment behind; the answer to a DELETE says that it has caught up. */
async function settle({ at }: ServedUpstreams): Promise<void> {
  expect(await (await openSession(at('life'))).delete()).toBe(204);
}

/** A call that never ends, and the id of the first event of its answer. */
async function hang(session: McpSession, id: string): Promise<string> {
  const response = await session.post(call(id, 'hang', {}, { _meta: { progressToken: id } }));
  const events = readEvents(response);
  await events.next();
  const progress = await events.next();
  expect(JSON.parse(progress?.data ?? '')).toMatchObject({ params: { progressToken: id, progress: 1 } });
  return progress?.id ?? '';
}

/** What the process behind the session was told. */
const heardBy = async (session: McpSession): Promise<string[]> =>
  ((await session.call('dump')) as { received: string[] }).received.map((line) => {
    const { method, params } = JSON.parse(line);
    return `${method} ${params?.level ?? params?.uri ?? ''}`.trim();
  });

describe('a session behind a daemon', () => {
  it.each([
    ['uws', 'restart'],
    ['uws', 'kill -9'],
    ['https', 'kill -9'],
  ] as const)('on %s outlives %s, twice in a row, with all that it had', async (engine, way) => {
    const served = await startServers({ life: lifeServer() }, { CLAUDE_SECURE_ENGINE: engine });
    const session = await openSession(served.at('life'));
    let { id: lastEventId } = await firstEventId(await session.listen());
    await session.request('logging/setLevel', { level: 'warning' });
    await session.request('resources/subscribe', { uri: URI });

    for (const round of ['first', 'second']) {
      const { pid } = (await session.call('who')) as { pid: number };
      const hanging = await hang(session, round);
      await settle(served);
      await restart(served, way);

      const answer = readEvents(await session.listen(hanging));
      expect(await answer.message()).toEqual({
        jsonrpc: '2.0',
        id: round,
        error: { code: -32_603, message: 'the server was restarted during the call' },
      });
      expect(await answer.next()).toBeUndefined();
      const events = readEvents(await session.listen(lastEventId));
      await waitFor('the server to start for who is subscribed', () =>
        findProcesses(served.home, 'life-upstream.mjs').some((found) => found !== pid),
      );
      for (const list of ['tools', 'resources']) {
        expect(await events.message()).toMatchObject({ method: `notifications/${list}/list_changed` });
      }
      expect(await session.call('who')).not.toMatchObject({ pid });
      const heard = await heardBy(session);
      expect(heard).toContain('logging/setLevel warning');
      expect(heard).toContain(`resources/subscribe ${URI}`);
      await session.call('touch', { uri: URI });
      const update = await events.next();
      expect(JSON.parse(update?.data ?? '')).toMatchObject({
        method: 'notifications/resources/updated',
        params: { uri: URI },
      });
      lastEventId = update?.id ?? '';
    }
  });
});

describe('what of a session outlives its daemon', () => {
  it.each(ENGINES)(
    'on %s is a call whose answer had not begun: restart leaves an id to come back with',
    async (engine) => {
      const served = await startServers({ life: lifeServer() }, { CLAUDE_SECURE_ENGINE: engine });
      const session = await openSession(served.at('life'));
      const quiet = session.post(call('quiet', 'hang'));
      await waitFor(
        'the call to be under way',
        async () => (await reportOf(served.home, 'life')).calls === 1,
      );
      const restarting = restart(served, 'restart');
      const { id, events } = await firstEventId(await quiet);
      expect(await events.next()).toBeUndefined();
      await restarting;
      expect(await readEvents(await session.listen(id)).message()).toMatchObject({
        id: 'quiet',
        error: { message: 'the server was restarted during the call' },
      });
    },
  );

  it('is bounded: whoever missed more than the last 256 events is told so, and not given a part', async () => {
    const served = await startServers({ life: lifeServer() });
    const session = await openSession(served.at('life'));
    const { id: first, events } = await firstEventId(await session.listen());
    await session.request('resources/subscribe', { uri: URI });
    for (let count = 0; count < 300; count += 20) {
      await Promise.all(Array.from({ length: 20 }, () => session.call('touch', { uri: URI })));
    }
    const ids: string[] = [];
    while (ids.length < 300) ids.push((await events.next())?.id ?? '');
    await settle(served);
    await restart(served, 'kill -9');
    expect((await session.listen(first)).status).toBe(400);
    expect((await session.listen(ids[10])).status).toBe(400);
    const rest = readEvents(await session.listen(ids[100]));
    for (const id of ids.slice(101)) expect((await rest.next())?.id).toBe(id);
  });

  it('is what it began with, too: a process of its own is told the same by the same client', async () => {
    const served = await startServers({ life: { ...lifeServer(), sharing: 'per-session' } });
    const sessions = [
      await openSession(served.at('life'), { sampling: {} }),
      await openSession(served.at('life')),
    ];
    await settle(served);
    await restart(served, 'kill -9');
    const pids = new Set<number>();
    for (const [index, session] of sessions.entries()) {
      pids.add(((await session.call('who')) as { pid: number }).pid);
      const { received } = (await session.call('dump')) as { received: string[] };
      const { params } = JSON.parse(received[0] ?? '');
      expect(params.clientInfo).toEqual({ name: 'test', version: '1' });
      expect(params.capabilities).toEqual(index === 0 ? { sampling: {} } : {});
    }
    expect(pids.size).toBe(2);
    expect(new Set(findProcesses(served.home, 'life-upstream.mjs'))).toEqual(pids);
  });

  it('is nothing of a session that was deleted, and nothing for another grant', async () => {
    const served = await startServers({ life: lifeServer() });
    const { home, at } = served;
    const [kept, deleted] = [await openSession(at('life')), await openSession(at('life'))];
    await kept.call('who');
    expect(await deleted.delete()).toBe(204);
    await restart(served, 'kill -9');
    expect((await deleted.post({ jsonrpc: '2.0', id: 1, method: 'ping' })).status).toBe(404);
    const stranger = kept.as(await mintFor(home, '/somewhere/else'));
    for (const response of [
      await stranger.post({ jsonrpc: '2.0', id: 1, method: 'ping' }),
      await stranger.listen(),
      await stranger.listen('1-0'),
    ]) {
      expect(response.status).toBe(404);
    }
    expect(await stranger.delete()).toBe(404);
    expect(await kept.call('echo', { a: 1 })).toEqual({ a: 1 });
  });

  it('ends with the access: after revoke neither the old token nor a new grant finds it', async () => {
    const served = await startServers({ life: { ...lifeServer(), sharing: 'per-session' } });
    const { home, at } = served;
    const session = await openSession(at('life'));
    const { pid } = (await session.call('who')) as { pid: number };
    const [launcher] = (await askControl(home, 'clients', {})).clients;
    const stream = readEvents(await session.listen());
    await stream.next();
    expect(await runProgram(home, ['clients', 'revoke', launcher?.clientId ?? ''])).toMatchObject({
      status: 0,
    });
    expect(await stream.next()).toBeUndefined();
    expect((await session.post({ jsonrpc: '2.0', id: 1, method: 'ping' })).status).toBe(401);
    await waitFor('its process to end', () => !isAlive(pid));
    const again = session.as(await mintFor(home, home.dir));
    expect((await again.post({ jsonrpc: '2.0', id: 1, method: 'ping' })).status).toBe(404);
    await restart(served, 'restart');
    const later = session.as(await mintFor(home, home.dir));
    expect((await later.post({ jsonrpc: '2.0', id: 1, method: 'ping' })).status).toBe(404);
    expect((await reportOf(home, 'life')).processes).toEqual([]);
  });
});
