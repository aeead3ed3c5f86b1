import { join } from 'node:path';
import { overwriteFile, readOwnFile } from '../files.ts';

const DIGITS = 15;

/**
 * `sequence` in the store's directory: the number of the last batch that anybody was told is flushed. The database
 * holds the same number or, after a crash in between, a higher one; a lower one means that it lost its tail.
 * Its length is fixed, as it is overwritten in place.
 */
const path = (directory: string): string => join(directory, 'sequence');

/** The number, 0 before the first batch; a file that holds none counts as beyond every number. */
export function readSequence(directory: string): number {
  const text = readOwnFile(path(directory));
  if (text === undefined) return 0;
  return /^\d{15}\n$/.test(text) ? Number(text) : Number.POSITIVE_INFINITY;
}

export function writeSequence(directory: string, sequence: number): void {
  overwriteFile(path(directory), `${String(sequence).padStart(DIGITS, '0')}\n`);
}
