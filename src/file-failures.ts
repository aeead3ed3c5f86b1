/** What can be wrong with a file of ours, said so that a person can act on it. */
import { lstatSync, type Stats } from 'node:fs';
import { errnoOf, Failure } from './errors.ts';

/** Windows protects files by other means than modes. */
export const checksModes = process.platform !== 'win32';

/** The user that owns what we write: the effective one; undefined on Windows. */
export const ownUid = (): number | undefined => process.geteuid?.();

export const octal = (mode: number): string => `0${(mode & 0o777).toString(8)}`;

export function refuse(path: string, found: string, cure: string, cause?: unknown): never {
  throw new Failure('FILE_UNSAFE', `${path} ${found}`, { hint: cure, cause });
}

/** Turns the errno of a failed read into the sentence that a person can act on. */
export function readFailure(path: string, error: unknown): Failure {
  if (error instanceof Failure) return error;
  const errno = errnoOf(error);
  // Its mode can be put right; of a disk that fails (EIO) or a full table of descriptors the file knows nothing.
  const code = errno === 'EACCES' || errno === 'EPERM' ? 'FILE_UNSAFE' : 'HOME_UNUSABLE';
  return new Failure(code, `cannot read ${path} (${errno || String(error)})`, { cause: error });
}

/** The same for a failed write. */
export function writeFailure(path: string, error: unknown): Failure {
  if (error instanceof Failure) return error;
  const errno = errnoOf(error);
  if (errno === 'ENOSPC' || errno === 'EDQUOT') {
    return new Failure('DISK_FULL', `no space left to write ${path}`, { cause: error });
  }
  return new Failure('HOME_UNUSABLE', `cannot write ${path} (${errno || String(error)})`, { cause: error });
}

/** What stands at the path, a link itself; undefined where nothing does. Throws `FILE_UNSAFE` and `HOME_UNUSABLE`. */
export function lookAt(path: string): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch (error) {
    throw readFailure(path, error);
  }
}
