import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { type Paths, resolvePaths } from '../../src/paths.ts';

export interface Home {
  /** The person's home directory: empty, and gone when the test ends. */
  dir: string;
  paths: Paths;
  /** A clean environment: nothing of the developer's own reaches the program. */
  env: NodeJS.ProcessEnv;
}

/** Keeps what has to be done in the end. */
export type AtEnd = (end: () => void | Promise<void>) => void;

/** An empty home, removed afterwards: with the test, unless `atEnd` says otherwise. */
export function createHome(extra: NodeJS.ProcessEnv = {}, atEnd: AtEnd = onTestFinished): Home {
  const dir = mkdtempSync(join(tmpdir(), 'claude-secure-home-'));
  atEnd(() => rmSync(dir, { recursive: true, force: true, maxRetries: 5 }));
  const temporary = join(dir, 'tmp');
  mkdirSync(temporary);
  const env = { HOME: dir, PATH: process.env.PATH, TERM: 'xterm-256color', TMPDIR: temporary, ...extra };
  return { dir, env, paths: resolvePaths({ home: extra.CLAUDE_SECURE_HOME }, env) };
}
