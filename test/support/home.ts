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

/** An empty home for one test, removed afterwards. */
export function createHome(extra: NodeJS.ProcessEnv = {}): Home {
  const dir = mkdtempSync(join(tmpdir(), 'claude-secure-home-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true, maxRetries: 5 }));
  const temporary = join(dir, 'tmp');
  mkdirSync(temporary);
  const env = { HOME: dir, PATH: process.env.PATH, TERM: 'xterm-256color', TMPDIR: temporary, ...extra };
  return { dir, env, paths: resolvePaths({ home: extra.CLAUDE_SECURE_HOME }, env) };
}
