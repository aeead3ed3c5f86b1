import { describe, expect, it } from 'vitest';
import { mintFor } from '../support/control.ts';
import { openSession } from '../support/mcp-session.ts';
import { isAlive } from '../support/processes.ts';
import { programCommand, readState, runProgram } from '../support/program.ts';
import { start } from '../support/run.ts';
import { lifeServer, type ServedUpstreams, startServers } from '../support/upstreams.ts';
import { waitFor } from '../support/wait-for.ts';

/** A server that ends with its input, one that nothing but SIGKILL ends, and one with such a grandchild. */
async function startChildren(): Promise<ServedUpstreams & { pids: number[] }> {
  const servers = { plain: lifeServer(), stubborn: lifeServer('stubborn'), parent: lifeServer() };
  const served = await startServers(servers);
  const pids: number[] = [];
  for (const name of Object.keys(servers)) {
    const session = await openSession(served.at(name));
    pids.push(((await session.call('who')) as { pid: number }).pid);
    if (name === 'parent') pids.push((await session.call('grandchild')) as number);
  }
  expect(pids.map(isAlive)).toEqual([true, true, true, true]);
  return { ...served, pids };
}

const living = (pids: readonly number[]): number[] => pids.filter(isAlive);

describe('R54: no child outlives its daemon', () => {
  it('that was killed, once the next one starts: whatever the child ignores, and its own children', async () => {
    const { home, daemon, pids } = await startChildren();
    process.kill(daemon.state.pid, 'SIGKILL');
    await waitFor('the daemon to be gone', () => !isAlive(daemon.state.pid));
    expect(living(pids), 'some ignore that their input ended').not.toEqual([]);
    expect(await runProgram(home, ['restart'])).toMatchObject({ status: 0 });
    await waitFor('all of them to end', () => living(pids).length === 0);
    expect(isAlive(readState(home)?.pid ?? 0)).toBe(true);
  });

  it('that was stopped: they are gone when the command says so', async () => {
    const { home, pids } = await startChildren();
    expect(await runProgram(home, ['stop'])).toMatchObject({ status: 0, stdout: 'stopped\n' });
    expect(living(pids)).toEqual([]);
  });

  it('and daemons that race to start end nobody’s children but the dead one’s', async () => {
    const { home, daemon, pids } = await startChildren();
    const losers = await Promise.all([1, 2].map(() => runProgram(home, ['serve'])));
    expect(losers.map(({ status }) => status)).toEqual([5, 5]);
    expect(living(pids)).toEqual(pids);

    process.kill(daemon.state.pid, 'SIGKILL');
    await waitFor('the daemon to be gone', () => !isAlive(daemon.state.pid));
    const racing = [1, 2, 3].map(() => start(programCommand(['serve']), { env: home.env, cwd: home.dir }));
    await waitFor('one of them to serve', () => {
      const state = readState(home);
      return state && racing.some(({ pid }) => pid === state.pid);
    });
    const session = await openSession({
      url: `${daemon.url}/mcp/plain`,
      token: await mintFor(home, home.dir),
    });
    const { pid } = (await session.call('who')) as { pid: number };
    await waitFor('the dead one’s children to end', () => living(pids).length === 0);
    const losing = racing.filter((each) => each.pid !== readState(home)?.pid);
    for (const { ended } of losing) expect((await ended).status).toBe(5);
    expect(isAlive(pid)).toBe(true);
    expect(await session.call('who')).toMatchObject({ pid });
  });
});
