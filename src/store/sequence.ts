import { join } from 'node:path';
import { readOwnFile, writeFileAtomic } from '../files.ts';

/**
 * `sequence` in the store's directory: the number of the last batch that anybody was told is flushed. The database
 * holds the same number or, after a crash in between, a higher one; a lower one means that it lost its tail.
 */
const path = (directory: string): string => join(directory, 'sequence');

/** The number, 0 before the first batch; a file that holds none counts as beyond every number. */
export function readSequence(directory: string): number {
  const text = readOwnFile(path(directory));
  if (text === undefined) return 0;
  return /^\d{1,15}\n$/.test(text) ? Number(text) : Number.POSITIVE_INFINITY;
}

export function writeSequence(directory: string, sequence: number): void {
  writeFileAtomic(path(directory), `${sequence}\n`);
}
