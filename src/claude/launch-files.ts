import { createHash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { lookAt } from '../file-failures.ts';
import { ensurePrivateDirectory, removeFile, SECRET_MODE, touchFile, writeFileAtomic } from '../files.ts';
import { limits } from '../limits.ts';
import type { Paths } from '../paths.ts';

const NAME = /^(bundle|mcp|settings|verbs)-[0-9a-f]{16}\.(json|pem)$/;
const TOUCH_MS = 86_400_000;

/** 64 bits of SHA-256: names a launch file by what it was made from. */
export function contentName(...parts: readonly (string | Uint8Array)[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(String(part.length)).update('\0').update(part);
  return hash.digest('hex').slice(0, 16);
}

/** Removes what no launch has used for 30 days; a background session may start again from a younger one. */
function collect(directory: string): void {
  try {
    for (const name of readdirSync(directory)) {
      if (!NAME.test(name)) continue;
      const found = lookAt(join(directory, name));
      if (found && Date.now() - found.mtimeMs > limits.launchFilesMs) removeFile(join(directory, name));
    }
  } catch {
    // Litter stops no launch: a later one collects it.
  }
}

function isUsable(file: string, mode: number): boolean {
  const found = lookAt(file);
  if (!found?.isFile()) return false;
  const isOurs =
    process.platform === 'win32' || (found.uid === process.geteuid?.() && (found.mode & 0o777) === mode);
  if (isOurs && Date.now() - found.mtimeMs > TOUCH_MS) touchFile(file);
  return isOurs;
}

export interface LaunchFile {
  /** Must contain a `contentName` of all that `make` depends on. */
  readonly name: string;
  readonly mode?: number;
  make(): string;
}

/**
 * The path of a launch file, made on first use; later launches only look at it and at the directory, in which
 * nobody else may put one. Throws what file writing throws.
 */
export function ensureLaunchFile(paths: Paths, { name, mode = SECRET_MODE, make }: LaunchFile): string {
  ensurePrivateDirectory(paths.launch);
  const file = join(paths.launch, name);
  if (isUsable(file, mode)) return file;
  writeFileAtomic(file, make(), mode);
  collect(paths.launch);
  return file;
}

/** A 0600 JSON file named by its content. */
export function ensureLaunchJson(paths: Paths, prefix: 'mcp' | 'settings', value: unknown): string {
  const text = `${JSON.stringify(value)}\n`;
  return ensureLaunchFile(paths, { name: `${prefix}-${contentName(text)}.json`, make: () => text });
}
