import { readdirSync, readFileSync } from 'node:fs';
import type { Home } from './home.ts';

/** A file of a process as text; empty when it is gone, and for one that has ended but was not collected yet. */
export function readProcessFile(pid: number, file: 'cmdline' | 'environ' | 'stat' | 'status'): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return '';
  }
}

export const isAlive = (pid: number): boolean => readProcessFile(pid, 'cmdline') !== '';

/** The processes of this home whose command line holds that word, as `ps` would show them. */
export function findProcesses(home: Home, word: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => readProcessFile(pid, 'cmdline').includes(word))
    .filter((pid) => readProcessFile(pid, 'environ').split('\0').includes(`HOME=${home.dir}`));
}

/** Mebibytes: what the process uses now, and the most it ever did. */
export function memoryOf(pid: number): { now: number; peak: number } {
  const read = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(readProcessFile(pid, 'status'))?.[1]) / 1_024;
  return { now: read('VmRSS'), peak: read('VmHWM') };
}

/** The processor time that the process has used so far. */
export function cpuSecondsOf(pid: number): number {
  const stat = readProcessFile(pid, 'stat');
  // Behind the name, which may hold anything; in ticks of 10 ms.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}
