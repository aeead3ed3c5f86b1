import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it, onTestFinished } from 'vitest';
import { endGroup, signalGroup } from '../../../src/mcp/stdio/process-group.ts';
import { processStart } from '../../../src/state.ts';
import { waitFor } from '../../support/wait-for.ts';

const isRunning = (pid: number): boolean => processStart(pid) !== undefined;

/** A shell in a group of its own; gone when the test ends. */
async function startShell(script: string): Promise<{ child: ChildProcess; pid: number }> {
  const child = spawn('bash', ['-c', script], { detached: true, stdio: ['ignore', 'pipe', 'ignore'] });
  await once(child, 'spawn');
  const pid = child.pid as number;
  onTestFinished(() => {
    try {
      process.kill(-pid, 'SIGKILL');
    } catch {
      // It has ended.
    }
  });
  return { child, pid };
}

describe('a process group', () => {
  it('R11: is not signalled if its number belongs to another process now', async () => {
    const { child, pid } = await startShell('exec sleep 600');
    signalGroup({ pid, procStart: '1' }, 'SIGKILL');
    expect(await endGroup({ pid, procStart: '1' })).toBe(true);
    // Had it been signalled before, it would end by that signal.
    child.kill('SIGUSR1');
    await once(child, 'exit');
    expect(child.signalCode).toBe('SIGUSR1');
  });

  it('is ended after its leader too', async () => {
    const { child, pid } = await startShell('sleep 600 & echo $!');
    const procStart = processStart(pid);
    const [line] = await once(child.stdout as NonNullable<ChildProcess['stdout']>, 'data');
    await waitFor('the leader to end', () => child.exitCode !== null);
    expect(isRunning(Number(line))).toBe(true);
    expect(await endGroup({ pid, procStart })).toBe(true);
    expect(isRunning(Number(line))).toBe(false);
  });

  it('is gone though a zombie of it is left, which nobody asks for', async () => {
    // The child leaves our session's reach: bash became sleep in another group, which never asks for it.
    const { child, pid } = await startShell('set -m; (exit 0) & echo $!; exec sleep 600');
    const [line] = await once(child.stdout as NonNullable<ChildProcess['stdout']>, 'data');
    const zombie = Number(line);
    await waitFor('the zombie', () => !isRunning(zombie));
    const startedMs = performance.now();
    expect(await endGroup({ pid: zombie, procStart: undefined })).toBe(true);
    expect(performance.now() - startedMs).toBeLessThan(1_000);
    expect(isRunning(pid)).toBe(true);
  });
});
