import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pass } from 'node:timers/promises';
import type { Home } from '../support/home.ts';
import { memoryOf } from '../support/processes.ts';
import { waitFor } from '../support/wait-for.ts';

const MIB = 1_048_576;
/** The kernel counts in hundredths of a second. */
const TICK_MS = 10;
const REPORT_HEAP = new URL('../../bench/report-heap.mjs', import.meta.url).href;

/** Resident memory in MiB. */
export const rssOf = (pid: number): number => memoryOf(pid).now;

/** How much of one core the process takes for that long, in per cent. */
export async function cpuOf(pid: number, durationMs: number): Promise<number> {
  const read = (): number => {
    const [, fields = ''] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ');
    const [user, system] = fields.split(' ').slice(11);
    return (Number(user) + Number(system)) * TICK_MS;
  };
  const before = read();
  const sinceMs = performance.now();
  await pass(durationMs);
  return ((read() - before) / (performance.now() - sinceMs)) * 100;
}

/** The descriptors that the process has open. */
export const descriptorsOf = (pid: number): number => readdirSync(`/proc/${pid}/fd`).length;

/** For a daemon whose heap is to be measured. */
export const heapReporting = (home: Home): NodeJS.ProcessEnv => ({
  NODE_OPTIONS: `--import=${REPORT_HEAP}`,
  HEAP_REPORT: join(home.dir, 'heap'),
});

/** What is left in a daemon under `heapReporting` once its garbage is collected, in MiB. */
export async function heapOf(pid: number, home: Home): Promise<number> {
  const file = join(home.dir, 'heap');
  rmSync(file, { force: true });
  process.kill(pid, 'SIGUSR2');
  const read = (): string | undefined => {
    try {
      return readFileSync(file, 'utf8');
    } catch {
      return undefined;
    }
  };
  return Number(await waitFor('the heap to be collected', read)) / MIB;
}
