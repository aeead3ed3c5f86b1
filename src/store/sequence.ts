import { join } from 'node:path';
import { createFileAtomic, overwriteFile, readOwnFile } from '../files.ts';

const DIGITS = 15;

/**
 * `sequence` in the store's directory: the number of the last batch that anybody was told is flushed. The database
 * holds the same number or, after a crash in between, a higher one; a lower one means that it lost its tail.
 * Its length is fixed, as it is overwritten in place.
 */
const path = (directory: string): string => join(directory, 'sequence');

const format = (sequence: number): string => `${String(sequence).padStart(DIGITS, '0')}\n`;

/** The number, begun at 0 where there is none; a file that holds no number counts as beyond every number. */
export function ensureSequence(directory: string): number {
  const text = readOwnFile(path(directory));
  if (text === undefined) {
    createFileAtomic(path(directory), format(0));
    return 0;
  }
  return /^\d{15}\n$/.test(text) ? Number(text) : Number.POSITIVE_INFINITY;
}

export function writeSequence(directory: string, sequence: number): Promise<void> {
  return overwriteFile(path(directory), format(sequence));
}
