import { errnoOf, Failure } from '../errors.ts';

/** Something is missing in the database that was promised to be there. */
export class LostWrites extends Error {
  constructor() {
    super('writes are missing');
    this.name = 'LostWrites';
  }
}

/** The library's own error behind `LEVEL_DATABASE_NOT_OPEN`. */
const causeOf = (error: unknown): unknown =>
  errnoOf(error) === 'LEVEL_DATABASE_NOT_OPEN' && error instanceof Error && error.cause ? error.cause : error;

/** Whether the files are damaged, as against locked, unreadable or on a full disk. */
export function isCorruption(error: unknown): boolean {
  const cause = causeOf(error);
  const code = errnoOf(cause);
  if (cause instanceof LostWrites || code === 'LEVEL_CORRUPTION' || code === 'LEVEL_DECODE_ERROR')
    return true;
  // A file that another one names is gone.
  return code === 'LEVEL_IO_ERROR' && String(cause).includes('No such file or directory');
}

/** What the person is told. */
export function asFailure(directory: string, error: unknown): Failure {
  if (error instanceof Failure) return error;
  const cause = causeOf(error);
  if (errnoOf(cause) === 'LEVEL_LOCKED') {
    return new Failure('STORE_UNUSABLE', `another process holds ${directory}`, {
      cause,
      hint: 'claude-secure status shows whether a daemon runs',
    });
  }
  if (String(cause).includes('No space left')) {
    return new Failure('DISK_FULL', `no space left to write ${directory}`, { cause });
  }
  const message = `${directory} cannot be used (${String(cause)})`;
  // What a disk refuses today it may well give back tomorrow: nothing in it is to be moved away for that.
  const options =
    errnoOf(cause) === 'LEVEL_IO_ERROR' ? { cause, hint: 'see to the disk, then try again' } : { cause };
  return new Failure('STORE_UNUSABLE', message, options);
}
