/** The files that become others by a rename (files.ts). */
import { randomBytes } from 'node:crypto';
import { lstatSync, readdirSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

const LEFT_OVER_MS = 3_600_000;

/** A new name beside `path`. */
export const temporaryName = (path: string): string =>
  join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}.tmp`);

/** Removes a temporary file if it can; a failure here must not hide the one that led to it. */
export function discardTemporary(temporary: string): void {
  try {
    rmSync(temporary, { force: true });
  } catch {
    // Collected an hour later.
  }
}

/** Removes what a killed writer left: temporary files older than an hour. */
export function collectTemporaryFiles(directory: string, now: number = Date.now()): void {
  try {
    for (const name of readdirSync(directory)) {
      if (!/^\..+\.[0-9a-f]{12}\.tmp$/.test(name)) continue;
      const found = lstatSync(join(directory, name), { throwIfNoEntry: false });
      if (found && now - found.mtimeMs > LEFT_OVER_MS) discardTemporary(join(directory, name));
    }
  } catch {
    // Litter stops nobody: a later run collects it.
  }
}
