import { mkdirSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { mintFor, readUpstream, reportOf } from '../support/control.ts';
import type { Home } from '../support/home.ts';
import { connectPerson } from '../support/mcp-person.ts';
import { openSession } from '../support/mcp-session.ts';
import { findProcesses, isAlive } from '../support/processes.ts';
import { runProgram } from '../support/program.ts';
import { lifeServer, startServers } from '../support/upstreams.ts';
import { waitFor } from '../support/wait-for.ts';

interface Who {
  readonly pid: number;
  readonly cwd: string;
}

const WHO = { name: 'who' };
const children = (home: Home): number[] => findProcesses(home, 'life-upstream.mjs');

function createProject(home: Home, name: string): string {
  const directory = join(home.dir, name);
  mkdirSync(directory);
  return realpathSync(directory);
}

describe('the process of a shared server', () => {
  it('starts with the first call: to connect and to look starts nothing, also after a restart', async () => {
    const { home, at } = await startServers({ memory: lifeServer() });
    expect(children(home)).toEqual([]);
    const first = await openSession(at('memory'));
    const tools = (await first.request('tools/list')).result;
    expect(await runProgram(home, ['restart'])).toMatchObject({ status: 0 });
    await waitFor('the process to end with its daemon', () => children(home).length === 0);

    const session = await openSession(at('memory'));
    expect((await session.request('tools/list')).result).toEqual(tools);
    expect((await first.request('tools/list')).result).toEqual(tools);
    expect(children(home)).toEqual([]);
    expect(await readUpstream(home, 'memory')).toMatchObject({
      state: 'stopped',
      processes: [],
      restarts: 0,
    });
    const { pid } = (await session.call('who')) as Who;
    expect(children(home)).toEqual([pid]);
    expect(await readUpstream(home, 'memory')).toMatchObject({
      state: 'running',
      processes: [{ pid, state: 'running' }],
      calls: 1,
    });
  });

  it('is one for five clients, of sessions and of HTTP+SSE, that all call at once', async () => {
    const { home, at } = await startServers({ memory: lifeServer() });
    const { url, token } = at('memory');
    const people = await Promise.all([
      connectPerson('ada', { url, token }),
      connectPerson('bob', { url: `${url}/sse`, token }, 'sse'),
    ]);
    const sessions = await Promise.all(Array.from({ length: 3 }, () => openSession({ url, token })));
    const answers = await Promise.all([
      ...people.map(async ({ call }) => JSON.parse(await call('who'))),
      ...sessions.map((session) => session.call('who')),
    ]);
    expect(children(home)).toHaveLength(1);
    expect(new Set((answers as Who[]).map(({ pid }) => pid))).toEqual(new Set(children(home)));
  });
});

describe('the process of a per-workspace server', () => {
  it('is one for each project directory, started there, for all of the project’s clients', async () => {
    const { home, at } = await startServers({ memory: { ...lifeServer(), sharing: 'per-workspace' } });
    const projects = ['one', 'two'].map((name) => createProject(home, name));
    const found = await Promise.all(
      projects.map(async (project) => {
        const endpoint = at('memory', await mintFor(home, project));
        const sessions = [await openSession(endpoint), await openSession(endpoint)];
        return (await Promise.all(sessions.map((session) => session.call('who')))) as [Who, Who];
      }),
    );
    for (const [index, [one, other]] of found.entries()) {
      expect(one.pid).toBe(other.pid);
      expect(one.cwd).toBe(projects[index]);
    }
    expect(new Set(children(home))).toEqual(new Set(found.map(([{ pid }]) => pid)));
    const { processes } = await reportOf(home, 'memory');
    expect(new Set(processes.map(({ workspace }) => workspace))).toEqual(new Set(projects));
  });
});

describe('the process of a per-session server', () => {
  it('is one for each session, and gone when the session is deleted', async () => {
    const { home, at } = await startServers({ memory: { ...lifeServer(), sharing: 'per-session' } });
    const [one, other] = [await openSession(at('memory')), await openSession(at('memory'))];
    const [first, second] = [(await one.call('who')) as Who, (await other.call('who')) as Who];
    expect(first.pid).not.toBe(second.pid);
    expect(children(home)).toHaveLength(2);

    expect(await one.delete()).toBe(204);
    await waitFor('the process of the session to end', () => !isAlive(first.pid));
    expect((await one.request('tools/call', WHO)).error).toMatchObject({ code: -32_001 });
    expect(await other.call('who')).toMatchObject({ pid: second.pid });
    expect(children(home)).toEqual([second.pid]);
  });

  it('is gone too when its HTTP+SSE client goes', async () => {
    const { home, at } = await startServers({ memory: { ...lifeServer(), sharing: 'per-session' } });
    const { url, token } = at('memory');
    const ada = await connectPerson('ada', { url: `${url}/sse`, token }, 'sse');
    const { pid } = JSON.parse(await ada.call('who')) as Who;
    expect(children(home)).toEqual([pid]);
    await ada.client.close();
    await waitFor('the process of the session to end', () => !isAlive(pid));
  });
});
