import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { limits } from '../../../src/limits.ts';
import { createProcessRegistry } from '../../../src/mcp/stdio/process-registry.ts';
import { createStdioUpstream } from '../../../src/mcp/stdio/stdio-upstream.ts';
import { bootId, processStart } from '../../../src/state.ts';
import { start as startProgram } from '../../support/run.ts';
import { waitFor } from '../../support/wait-for.ts';
import { CHILD, createStdioHome, createTestLog, start } from './start.ts';

const HOLDER = fileURLToPath(new URL('../../fixtures/stdio-holder.mjs', import.meta.url));
const isRunning = (pid: number): boolean => processStart(pid) !== undefined;

function createRegistry(file: string) {
  const log = createTestLog();
  return { log, registry: createProcessRegistry({ upstreamProcesses: file }, log) };
}

type Entry = Awaited<ReturnType<typeof startBystander>>['entry'];

/** A process that no registry may touch, as a registry would note it; `spared` ends it and tells if none did. */
async function startBystander() {
  const child = spawn('sleep', ['600'], { detached: true, stdio: 'ignore' });
  await once(child, 'spawn');
  const exited = once(child, 'exit');
  onTestFinished(() => void child.kill('SIGKILL'));
  const pid = child.pid as number;
  return {
    entry: { pid, procStart: processStart(pid) as string, bootId: bootId(), upstream: 'x' },
    async spared(): Promise<boolean> {
      // Had it been signalled before, it would end by that signal.
      child.kill('SIGUSR1');
      await exited;
      return child.signalCode === 'SIGUSR1';
    },
  };
}

/** A daemon that started this server and was killed; gives the server's pid. */
async function killHolderOf(file: string, behaviour: string, env: NodeJS.ProcessEnv): Promise<number> {
  const holder = startProgram([process.execPath, HOLDER, file, process.execPath, CHILD, behaviour], { env });
  const pid = Number(await waitFor('the server', () => /^\d+\n/.exec(holder.output.stdout)?.[0]));
  holder.kill('SIGKILL');
  // Only its exit: the server holds none of its pipes.
  await holder.ended;
  return pid;
}

describe('the registry of processes', () => {
  it('names what runs, for the owner alone, and forgets it when it is gone', async () => {
    const { home, pid, connection } = await start(['echo']);
    const file = join(home.dir, 'processes.json');
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual([
      { pid, procStart: processStart(pid), bootId: bootId(), upstream: 'fixture' },
    ]);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    await connection.close();
    expect(readFileSync(file, 'utf8')).toBe('[]\n');
  });

  it('R54: after kill -9 of the daemon the next one ends what it left, also what ignores SIGTERM', async () => {
    const home = createStdioHome();
    const file = join(home.dir, 'processes.json');
    const pid = await killHolderOf(file, 'stubborn', home.env);
    expect(isRunning(pid)).toBe(true);
    const { registry, log } = createRegistry(file);
    await registry.reapOrphans();
    expect(isRunning(pid)).toBe(false);
    expect(log.lines).toEqual([{ event: 'upstream.reaped', upstream: 'held', pid, gone: true }]);
    expect(readFileSync(file, 'utf8')).toBe('[]\n');
  });

  it('R54: what starts while others are reaped stays noted', async () => {
    const home = createStdioHome();
    const file = join(home.dir, 'processes.json');
    const orphan = await killHolderOf(file, 'stubborn', home.env);
    const bystander = await startBystander();
    const { registry } = createRegistry(file);
    const reaped = registry.reapOrphans();
    registry.add(bystander.entry, 'new');
    expect(readFileSync(file, 'utf8')).toContain(`"pid":${orphan}`);
    await reaped;
    expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject([
      { pid: bystander.entry.pid, upstream: 'new' },
    ]);
    expect(await bystander.spared()).toBe(true);
  });

  it.each<[string, (entry: Entry) => unknown]>([
    ['another start time', (entry) => [{ ...entry, procStart: '1' }]],
    ['another boot', (entry) => [{ ...entry, bootId: '00000000-0000-0000-0000-000000000000' }]],
    ['no start time', (entry) => [{ ...entry, procStart: '' }]],
    ['a negative pid', (entry) => [{ ...entry, pid: -entry.pid }]],
    ['a pid in a string', (entry) => [{ ...entry, pid: String(entry.pid) }]],
    ['a good entry beside pid 0', (entry) => [entry, { ...entry, pid: 0 }]],
    ['a good entry beside pid 1', (entry) => [entry, { ...entry, pid: 1 }]],
    ['a good entry beside pid -1', (entry) => [entry, { ...entry, pid: -1 }]],
    ['a good entry beside a number', (entry) => [entry, 7]],
    ['an object', (entry) => entry],
    ['null', () => null],
  ])('R11: %s ends nobody and is replaced', async (_, change) => {
    const { dir } = createStdioHome();
    const file = join(dir, 'processes.json');
    const bystander = await startBystander();
    writeFileSync(file, JSON.stringify(change(bystander.entry)), { mode: 0o600 });
    await createRegistry(file).registry.reapOrphans();
    expect(readFileSync(file, 'utf8')).toBe('[]\n');
    expect(await bystander.spared()).toBe(true);
  });

  it('R11: truncated at any byte it ends nobody', async () => {
    const { dir } = createStdioHome();
    const file = join(dir, 'processes.json');
    const bystander = await startBystander();
    const text = JSON.stringify([bystander.entry]);
    for (let length = 0; length < text.length; length++) {
      writeFileSync(file, text.slice(0, length), { mode: 0o600 });
      await createRegistry(file).registry.reapOrphans();
    }
    expect(await bystander.spared()).toBe(true);
  });

  it('R11: a file that another account could have written ends nobody', async () => {
    const { dir } = createStdioHome();
    const file = join(dir, 'processes.json');
    const bystander = await startBystander();
    const text = JSON.stringify([bystander.entry]);
    writeFileSync(file, text, { mode: 0o666 });
    const { registry, log } = createRegistry(file);
    await registry.reapOrphans();
    expect(log.lines).toMatchObject([{ event: 'upstream.processes.unreadable' }]);

    const link = join(dir, 'link.json');
    writeFileSync(file, text, { mode: 0o600 });
    symlinkSync(file, link);
    await createRegistry(link).registry.reapOrphans();
    expect(await bystander.spared()).toBe(true);
  });

  it('a disk that refuses stops no server, and is logged', async () => {
    const { registry, log } = createRegistry('/proc/no-such/processes.json');
    registry.add((await startBystander()).entry, 'x');
    expect(log.lines).toMatchObject([{ event: 'upstream.processes.unwritable' }]);
    expect(existsSync('/proc/no-such')).toBe(false);
  });
});

it('R52: no server starts beside as many as may run at once', async () => {
  const home = createStdioHome();
  const { log, registry } = createRegistry(join(home.dir, 'processes.json'));
  // Without a start they are counted, and nothing is written for them.
  for (let pid = 2; pid < limits.upstreamProcesses + 2; pid++)
    registry.add({ pid, procStart: undefined }, 'x');
  const upstream = createStdioUpstream({
    definition: {
      name: 'fixture',
      command: process.execPath,
      args: [CHILD, 'echo'],
      env: {},
      envFile: undefined,
      cwd: undefined,
      sharing: 'shared',
      enabled: true,
    },
    workspace: undefined,
    env: home.env,
    log,
    processes: registry,
  });
  const connect = () => upstream.connect({ deliver: () => undefined, ended: () => undefined });
  await expect(connect()).rejects.toThrow('256 servers run already');
  registry.remove(2);
  await (await connect()).close();
});
