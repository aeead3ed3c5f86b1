import { chmodSync, existsSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, it } from 'vitest';
import { ensureLaunchJson } from '../../src/claude/launch-files.ts';
import { limits } from '../../src/limits.ts';
import { createHome, type Home } from '../support/home.ts';

let home: Home;
beforeEach(() => {
  home = createHome();
});

function age(file: string, ageMs: number): void {
  const then = new Date(Date.now() - ageMs);
  utimesSync(file, then, then);
}

it('R57: is 0600 and named by its content', () => {
  const file = ensureLaunchJson(home.paths, 'mcp', { a: 1 });
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(ensureLaunchJson(home.paths, 'mcp', { a: 1 })).toBe(file);
  expect(ensureLaunchJson(home.paths, 'mcp', { a: 2 })).not.toBe(file);
});

it('R57: what nobody used for 30 days is collected, what is used lives on', () => {
  const unused = ensureLaunchJson(home.paths, 'mcp', { name: 'unused' });
  const used = ensureLaunchJson(home.paths, 'settings', { name: 'used' });
  const foreign = join(home.paths.launch, 'notes.txt');
  writeFileSync(foreign, '');
  for (const file of [unused, used, foreign]) age(file, limits.launchFilesMs + 60_000);
  expect(ensureLaunchJson(home.paths, 'settings', { name: 'used' })).toBe(used);
  ensureLaunchJson(home.paths, 'mcp', { name: 'new' });
  expect([unused, used, foreign].map((file) => existsSync(file))).toEqual([false, true, true]);
});

it('does not trust a file whose mode somebody changed: it is written anew', () => {
  const file = ensureLaunchJson(home.paths, 'settings', { a: 1 });
  chmodSync(file, 0o666);
  ensureLaunchJson(home.paths, 'settings', { a: 1 });
  expect(statSync(file).mode & 0o777).toBe(0o600);
});
