import { mkdirSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { expect, it } from 'vitest';
import { findProgram } from '../../src/find-program.ts';
import { createHome } from '../support/home.ts';

function createPath() {
  const { dir } = createHome();
  const [first, second] = [join(dir, 'first'), join(dir, 'second')];
  for (const directory of [first, second]) mkdirSync(directory);
  mkdirSync(join(first, 'tool'));
  writeFileSync(join(first, 'plain'), '', { mode: 0o644 });
  for (const name of ['tool', 'plain', 'npx.CMD']) writeFileSync(join(second, name), '', { mode: 0o755 });
  return { second, env: { PATH: [first, second].join(delimiter) } };
}

it('finds what a shell would run, past directories and files that cannot be run', () => {
  const { second, env } = createPath();
  expect(findProgram('tool', env)).toBe(join(second, 'tool'));
  expect(findProgram('plain', env)).toBe(join(second, 'plain'));
  expect(findProgram(join(second, 'tool'), {})).toBe(join(second, 'tool'));
});

it('R59: finds nothing relative', () => {
  const { env } = createPath();
  for (const name of ['second/tool', './tool', '../second/tool', '', '.']) {
    expect(findProgram(name, env)).toBeUndefined();
  }
  expect(findProgram('vitest.config.ts', { PATH: `.${delimiter}${delimiter}test` })).toBeUndefined();
});

it('finds a program of Windows by its endings', () => {
  const { second, env } = createPath();
  expect(findProgram('npx', { ...env, PATHEXT: '.EXE;.CMD' }, 'win32')).toBe(join(second, 'npx.CMD'));
  expect(findProgram('npx', { ...env, PATHEXT: '.EXE;.CMD' }, 'linux')).toBeUndefined();
});
