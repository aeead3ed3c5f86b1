import { accessSync, closeSync, constants, openSync, readSync, realpathSync, statSync } from 'node:fs';
import { basename, extname } from 'node:path';
import { findPackagedBinary } from './packaged-binary.ts';

export interface Program {
  /** What to execute. A link on the PATH stays a link: Claude's updater repoints it. */
  readonly file: string;
  /** Arguments that come before Claude's own. */
  readonly args: readonly string[];
  readonly kind: 'native' | 'script' | 'node';
}

export type Inspection =
  | { readonly is: 'program'; readonly program: Program }
  /** `ours` would start claude-secure again; `placeholder` is npm's stand-in for a binary it did not install. */
  | { readonly is: 'absent' | 'not-executable' | 'ours' | 'placeholder' };

const HEAD_BYTES = 4_096;
const NATIVE_MAGIC = [
  '7f454c46', // ELF
  'cffaedfe', // Mach-O, 64 bit
  'cefaedfe', // Mach-O, 32 bit
  'cafebabe', // Mach-O, several architectures
];
const OUR_NAME = /(?<![\w-])claude-secure(?![\w-])/;

function readHead(file: string): Buffer {
  const descriptor = openSync(file, constants.O_RDONLY);
  try {
    const head = Buffer.alloc(HEAD_BYTES);
    return head.subarray(0, readSync(descriptor, head));
  } finally {
    closeSync(descriptor);
  }
}

function isNative(head: Buffer): boolean {
  return NATIVE_MAGIC.includes(head.toString('hex', 0, 4)) || head.toString('latin1', 0, 2) === 'MZ';
}

function canExecute(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** The kind of an executable, by its first bytes: running a binary with node is how other wrappers died. */
function classify(file: string, real: string, head: Buffer): Inspection {
  if (isNative(head)) {
    if (!canExecute(file)) return { is: 'not-executable' };
    return { is: 'program', program: { file, args: [], kind: 'native' } };
  }
  const isScript = head.toString('latin1', 0, 2) === '#!';
  if (isScript && canExecute(file)) return { is: 'program', program: { file, args: [], kind: 'script' } };
  if (['.js', '.cjs', '.mjs'].includes(extname(real))) {
    return { is: 'program', program: { file: process.execPath, args: [file], kind: 'node' } };
  }
  return { is: isScript ? 'not-executable' : 'placeholder' };
}

/**
 * Tells what a file that might be claude is; never throws for a file it cannot read. With `trustText` a script
 * that merely mentions claude-secure is accepted: a person who names a file means it, and a loop is stopped by
 * the recursion guard.
 */
export function inspectProgram(
  file: string,
  { platform, trustText = false }: { platform: NodeJS.Platform; trustText?: boolean },
): Inspection {
  let head: Buffer;
  let real: string;
  try {
    if (!statSync(file).isFile()) return { is: 'absent' };
    real = realpathSync(file);
  } catch {
    return { is: 'absent' };
  }
  try {
    head = readHead(file);
  } catch {
    // Mode 0711: executable for everyone, readable only for its owner.
    if (!canExecute(file)) return { is: 'not-executable' };
    return { is: 'program', program: { file, args: [], kind: 'native' } };
  }
  const isOurs = basename(real) === 'claude-secure.js';
  if (isOurs || (!trustText && !isNative(head) && OUR_NAME.test(head.toString('latin1'))))
    return { is: 'ours' };
  const found = classify(file, real, head);
  if (found.is !== 'placeholder') return found;
  const binary = findPackagedBinary(real, platform);
  if (binary === undefined) return found;
  return { is: 'program', program: { file: binary, args: [], kind: 'native' } };
}
