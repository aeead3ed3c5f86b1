import { expect, it } from 'vitest';
import { ENGINES, type EngineName } from '../support/listen.ts';

/** Longer durations and the soak (L17): `npm run faults -- --long`. */
export const LONG = process.env.FAULTS_LONG === '1';

/** How long the soak goes on: eight hours unless `--soak-minutes` says less. */
export const SOAK_MINUTES = Number(process.env.FAULTS_SOAK_MINUTES ?? 480);

/** One thing that was measured, and whether it is what the line promises. */
export interface Reading {
  readonly what: string;
  readonly seen: string;
  readonly held: boolean;
}

/** A row of the table that `npm run faults` prints. */
export interface Row {
  readonly number: string;
  readonly engine: string;
  readonly input: string;
  readonly promised: string;
  readonly seen: string;
}

declare module 'vitest' {
  interface TaskMeta {
    row?: Row;
  }
}

export interface Line {
  readonly number: string;
  readonly input: string;
  readonly promised: string;
  /** Where the engine makes no difference, one of them is enough. */
  readonly engines?: readonly EngineName[];
  readonly timeoutMs?: number;
  /** Only with `--long`. */
  readonly isLong?: boolean;
}

const textOf = ({ what, seen, held }: Reading): string => `${held ? '' : 'NOT HELD: '}${what} ${seen}`;

/**
 * One line of the fault matrix of SECURITY.md, on both engines. `drive` brings the fault and gives back what it saw;
 * the line fails if a reading does not hold.
 */
export function faultLine(
  { number, input, promised, engines = ENGINES, timeoutMs = 120_000, isLong = false }: Line,
  drive: (engine: EngineName) => Promise<readonly Reading[]>,
): void {
  const run = isLong && !LONG ? it.skip : it;
  run.for(engines)(`${number}: ${input}, on %s`, { timeout: timeoutMs }, async (engine, { task }) => {
    const row = { number, engine, input, promised };
    task.meta.row = { ...row, seen: 'NOT HELD: it ended with an error' };
    const readings = await drive(engine);
    task.meta.row = { ...row, seen: readings.map(textOf).join('; ') };
    expect(readings.filter(({ held }) => !held)).toEqual([]);
  });
}
