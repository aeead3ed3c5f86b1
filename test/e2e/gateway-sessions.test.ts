import { describe, expect, it } from 'vitest';
import { askControl, mintFor, reportOf } from '../support/control.ts';
import { type McpSession, openSession } from '../support/mcp-session.ts';
import { findProcesses, memoryOf } from '../support/processes.ts';
import { lifeServer, startServers } from '../support/upstreams.ts';

const GRANTS = 20;
const SESSIONS_PER_GRANT = 50;
const AT_ONCE = 25;
const ROUNDS = 2;

/** Does that for all of them, a few at a time. */
async function forAll<T, R>(items: readonly T[], act: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (let start = 0; start < items.length; start += AT_ONCE) {
    results.push(...(await Promise.all(items.slice(start, start + AT_ONCE).map(act))));
  }
  return results;
}

describe('R52: a thousand sessions on one server', () => {
  it('share its one process, and leave nothing behind once they are closed', async () => {
    const { home, daemon, at } = await startServers({ memory: lifeServer() });
    const tokens = await Promise.all(
      Array.from({ length: GRANTS }, (_, index) => mintFor(home, `/project/${index}`)),
    );
    const endpoints = tokens.flatMap((token) =>
      Array.from({ length: SESSIONS_PER_GRANT }, () => at('memory', token)),
    );
    const pids = new Set<unknown>();
    const open: number[] = [];
    const closed: number[] = [memoryOf(daemon.state.pid).now];
    for (let round = 0; round < ROUNDS; round++) {
      const sessions: McpSession[] = await forAll(endpoints, (endpoint) => openSession(endpoint));
      const some = sessions.filter((_, index) => index % SESSIONS_PER_GRANT === 0);
      for (const session of some) pids.add(((await session.call('who')) as { pid: number }).pid);
      expect(await askControl(home, 'status', {})).toMatchObject({ sessions: endpoints.length });
      expect(findProcesses(home, 'life-upstream.mjs')).toHaveLength(1);
      open.push(memoryOf(daemon.state.pid).now);
      expect(new Set(await forAll(sessions, (session) => session.delete()))).toEqual(new Set([204]));
      expect(await askControl(home, 'status', {})).toMatchObject({ sessions: 0 });
      closed.push(memoryOf(daemon.state.pid).now);
    }
    expect(pids.size).toBe(1);
    expect(await reportOf(home, 'memory')).toMatchObject({ restarts: 0, calls: ROUNDS * GRANTS });
    // No collector runs on demand in there: what is held would add up from round to round, what is garbage does not.
    expect((closed.at(-1) ?? 0) - (closed[1] ?? 0)).toBeLessThan(40);
  });
});
