import { readFileSync, statSync } from 'node:fs';
import { errnoOf } from '../errors.ts';

export type FileRead = { readonly bytes: Buffer } | { readonly problem: string };

/** Reads a regular file of the person's; a pipe, which could keep a launch waiting, is a problem like any other. */
export function readRegularFile(path: string, maxBytes: number): FileRead {
  try {
    const found = statSync(path);
    if (!found.isFile()) return { problem: found.isDirectory() ? 'is a directory' : 'is not a regular file' };
    if (found.size > maxBytes) return { problem: `is larger than ${maxBytes} bytes` };
    return { bytes: readFileSync(path) };
  } catch (error) {
    return { problem: `cannot be read (${errnoOf(error) || String(error)})` };
  }
}
