/**
 * The only place that writes files. Secrets never stand in a file that another account could read or swap:
 * a file is made with O_EXCL|O_NOFOLLOW under its final mode, flushed, then renamed over the old one, and a
 * file is read only after its owner, type and mode were checked on the open descriptor.
 */
import {
  chmodSync,
  closeSync,
  constants,
  fchmodSync,
  fdatasync,
  fstatSync,
  fsyncSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  utimesSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { errnoOf, Failure } from './errors.ts';
import { checksModes, lookAt, octal, ownUid, readFailure, refuse, writeFailure } from './file-failures.ts';
import { findOpenAncestor } from './open-ancestor.ts';
import { discardTemporary, temporaryName } from './temporary-files.ts';

export const SECRET_MODE = 0o600;
export const PUBLIC_MODE = 0o644;
const DIRECTORY_MODE = 0o700;
const flushData = promisify(fdatasync);
const NO_FOLLOW = constants.O_NOFOLLOW ?? 0;
/** A planted pipe would hold us until somebody comes to its other end. */
const NO_WAIT = constants.O_NONBLOCK ?? 0;

/**
 * Makes the directory (0700) and its parents, or accepts one that is ours and closed to others.
 * Throws `FILE_UNSAFE` for a symlink, a foreign owner, an open mode, or a place that others could swap it in;
 * changes no mode.
 */
export function ensurePrivateDirectory(path: string): void {
  try {
    if (mkdirSync(path, { recursive: true, mode: DIRECTORY_MODE }) && checksModes) {
      // mkdir is subject to the umask, which may take away the owner's own bits.
      chmodSync(path, DIRECTORY_MODE);
    }
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw writeFailure(path, error);
  }
  const found = lookAt(path);
  if (!found) throw new Failure('HOME_UNUSABLE', `${path} was removed just now`);
  if (found.isSymbolicLink()) refuse(path, 'is a symbolic link', `remove the link ${path}`);
  if (!found.isDirectory()) refuse(path, 'is not a directory', `move ${path} away`);
  if (!checksModes) return;
  if (found.uid !== ownUid()) {
    refuse(
      path,
      `belongs to uid ${found.uid}`,
      `chown it, or set CLAUDE_SECURE_HOME to a directory of yours`,
    );
  }
  if (found.mode & 0o077) {
    refuse(path, `has mode ${octal(found.mode)}, open to other accounts`, `chmod 700 ${path}`);
  }
  const open = findOpenAncestor(path);
  if (open)
    refuse(open.path, `has mode ${octal(open.mode)}, open to other accounts`, `chmod go-w ${open.path}`);
}

function createFlushed(path: string, data: string | Uint8Array, mode: number): void {
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | NO_FOLLOW;
  const descriptor = openSync(path, flags, mode);
  try {
    // The umask may have taken bits away; the daemon's own takes those that let a public file be read.
    if (checksModes) fchmodSync(descriptor, mode);
    const bytes = typeof data === 'string' ? Buffer.from(data) : data;
    for (let done = 0; done < bytes.length; ) done += writeSync(descriptor, bytes, done);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** A rename lasts only once its directory is flushed; Windows cannot open directories and needs no such call. */
function flushDirectory(path: string): void {
  if (!checksModes) return;
  const descriptor = openSync(path, constants.O_RDONLY);
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function refuseSymlink(path: string): void {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found?.isSymbolicLink()) refuse(path, 'is a symbolic link', `remove the link ${path}`);
  if (found?.isDirectory()) refuse(path, 'is a directory', `move ${path} away`);
}

/** Replaces the file as a whole: after a crash it holds the old bytes or the new ones, never a part. */
export function writeFileAtomic(path: string, data: string | Uint8Array, mode: number = SECRET_MODE): void {
  const temporary = temporaryName(path);
  try {
    refuseSymlink(path);
    createFlushed(temporary, data, mode);
    renameSync(temporary, path);
    flushDirectory(dirname(path));
  } catch (error) {
    discardTemporary(temporary);
    throw writeFailure(path, error);
  }
}

/**
 * Overwrites a small file of fixed length in place and flushes it: 0.12 ms against 1.1 ms of `writeFileAtomic`
 * (measured). For text within one disk sector, which no crash tears, and whose reader checks its form. The file must
 * be there: one that a crash left empty would hold nothing. The flush is waited for off the event loop: on it,
 * it was a third of the time of a flood of refreshes (measured), in which no client was served.
 */
export async function overwriteFile(path: string, text: string): Promise<void> {
  try {
    const descriptor = openSync(path, constants.O_WRONLY | NO_FOLLOW | NO_WAIT);
    try {
      writeSync(descriptor, text, 0);
      await flushData(descriptor);
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    throw writeFailure(path, error);
  }
}

/**
 * Creates the file whole, unless it exists: of several racing processes exactly one gets true, and nobody
 * ever reads a part of it (a link appears with all its bytes).
 */
export function createFileAtomic(
  path: string,
  data: string | Uint8Array,
  mode: number = SECRET_MODE,
): boolean {
  const temporary = temporaryName(path);
  try {
    createFlushed(temporary, data, mode);
    linkSync(temporary, path);
    flushDirectory(dirname(path));
    return true;
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') return false;
    throw writeFailure(path, error);
  } finally {
    discardTemporary(temporary);
  }
}

/**
 * The file's bytes as text, or undefined when it does not exist. Throws `FILE_UNSAFE` for a symlink, a foreign
 * owner, or (with `secret`) a mode that lets another account read it; changes no mode.
 */
export function readOwnFile(path: string, { secret = true, maxBytes = 1_048_576 } = {}): string | undefined {
  let descriptor: number;
  try {
    descriptor = openSync(path, constants.O_RDONLY | NO_FOLLOW | NO_WAIT);
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === 'ENOENT') return undefined;
    if (errno === 'ELOOP') refuse(path, 'is a symbolic link', `remove the link ${path}`, error);
    throw readFailure(path, error);
  }
  try {
    const found = fstatSync(descriptor);
    if (!found.isFile()) refuse(path, 'is not a regular file', `move ${path} away`);
    if (found.size > maxBytes) refuse(path, `is larger than ${maxBytes} bytes`, `move ${path} away`);
    if (checksModes) {
      if (found.uid !== ownUid()) refuse(path, `belongs to uid ${found.uid}`, `remove ${path}, or chown it`);
      const forbidden = secret ? 0o077 : 0o022;
      if (found.mode & forbidden) {
        const mode = octal(secret ? SECRET_MODE : PUBLIC_MODE).slice(1);
        refuse(path, `has mode ${octal(found.mode)}, open to other accounts`, `chmod ${mode} ${path}`);
      }
    }
    return readFileSync(descriptor, 'utf8');
  } catch (error) {
    throw readFailure(path, error);
  } finally {
    closeSync(descriptor);
  }
}

/** Marks a file of ours as used now, if that can be written. */
export function touchFile(path: string): void {
  const now = new Date();
  try {
    utimesSync(path, now, now);
  } catch {
    // It counts as unused for longer than it was, which at worst makes it anew one day.
  }
}

/** Removes the file if it is there; a missing one is no error. Throws `HOME_UNUSABLE`. */
export function removeFile(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch (error) {
    throw writeFailure(path, error);
  }
}

/** Renames within our own directories, e.g. to set a corrupt file aside. */
export function moveFile(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    throw writeFailure(to, error);
  }
}

/** Opens a file of ours for appending (0600), refusing symlinks, foreign files and whatever is no file. */
export function openForAppend(path: string, { truncate = false } = {}): { descriptor: number; size: number } {
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_APPEND | NO_FOLLOW | NO_WAIT;
  let descriptor: number | undefined;
  try {
    descriptor = openSync(path, truncate ? flags | constants.O_TRUNC : flags, SECRET_MODE);
    const found = fstatSync(descriptor);
    if (!found.isFile()) refuse(path, 'is not a regular file', `move ${path} away`);
    if (checksModes && (found.uid !== ownUid() || (found.mode & 0o077) !== 0)) {
      refuse(path, `has mode ${octal(found.mode)} and owner ${found.uid}`, `chmod 600 ${path}`);
    }
    return { descriptor, size: found.size };
  } catch (error) {
    if (descriptor !== undefined) closeSync(descriptor);
    const errno = errnoOf(error);
    if (errno === 'ELOOP') refuse(path, 'is a symbolic link', `remove the link ${path}`, error);
    if (errno === 'ENXIO') refuse(path, 'is not a regular file', `move ${path} away`, error);
    throw writeFailure(path, error);
  }
}
