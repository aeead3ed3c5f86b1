import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { limits } from '../../../src/limits.ts';
import { processStart } from '../../../src/state.ts';
import { waitFor } from '../../support/wait-for.ts';
import { createStdioHome, start } from './start.ts';

const isRunning = (pid: number): boolean => processStart(pid) !== undefined;

describe('the end of a server', () => {
  it.each([0, 1, 77])('by itself with status %i is told once', async (status) => {
    const { ended, connection } = await start(['exit', String(status)]);
    await waitFor('the end', () => ended.length > 0);
    await connection.close();
    expect(ended).toEqual([`ended with status ${status}`]);
  });

  it('by kill -9 is told within a second', async () => {
    const { ended, pid, connection, result } = await start(['echo']);
    connection.send({ jsonrpc: '2.0', id: 1, method: 'x', params: {} });
    await result(1);
    process.kill(pid, 'SIGKILL');
    await waitFor('the end', () => ended.length > 0, 1_000);
    expect(ended).toEqual(['was ended by SIGKILL']);
  });

  it('comes after everything that it said', async () => {
    const { ended, received } = await start(['answer-and-exit']);
    await waitFor('the end', () => ended.length > 0);
    expect(received).toHaveLength(2_000);
    expect(ended).toEqual(['ended with status 3']);
  });

  it('R54: is told within a second though a grandchild keeps its pipes, which is ended too', async () => {
    const { ended, result, pid } = await start(['leaves-grandchild']);
    const grandchild = Number(await result(1));
    await waitFor('the server to exit', () => !isRunning(pid));
    await waitFor('the end', () => ended.length > 0, 1_000);
    expect(ended).toEqual(['ended with status 5']);
    await waitFor('the grandchild to end', () => !isRunning(grandchild), 2 * limits.upstreamStopMs);
  });
});

describe('closing', () => {
  it('lets a server end by itself, and tells nobody', async () => {
    const home = createStdioHome();
    const file = join(home.dir, 'ended');
    const { connection, ended, pid, result } = await start(['exits-on-end', file], { home });
    await result(1);
    await connection.close();
    expect(readFileSync(file, 'utf8')).toBe('ended by itself');
    expect(isRunning(pid)).toBe(false);
    expect(readFileSync(join(home.dir, 'processes.json'), 'utf8')).toBe('[]\n');
    expect(ended).toEqual([]);
  });

  it('R54: ends one that ignores both the end of its input and SIGTERM', async () => {
    const { connection, ended, pid, result } = await start(['stubborn']);
    await result(1);
    const closed = connection.close();
    expect(connection.close()).toBe(closed);
    await closed;
    expect(isRunning(pid)).toBe(false);
    expect(ended).toEqual([]);
  });

  it('R54: ends the grandchildren with it, also one that ignores SIGTERM', async () => {
    const { connection, pid, result } = await start(['grandchild']);
    const grandchild = Number(await result(1));
    expect(isRunning(grandchild)).toBe(true);
    await connection.close();
    expect(isRunning(pid)).toBe(false);
    expect(isRunning(grandchild)).toBe(false);
  });
});
