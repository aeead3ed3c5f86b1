import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Home } from './home.ts';
import { PROGRAM } from './program.ts';

const PACKAGE = dirname(dirname(PROGRAM));
const MANIFEST = JSON.parse(readFileSync(join(PACKAGE, 'package.json'), 'utf8'));

/** The version of the program under test. */
export const OWN_VERSION: string = MANIFEST.version;

/** Copies the built program under another version into the home; gives the path to start it by. */
export function installVersion(home: Home, version: string): string {
  const root = join(home.dir, version);
  mkdirSync(root);
  for (const name of ['bin', 'dist']) cpSync(join(PACKAGE, name), join(root, name), { recursive: true });
  symlinkSync(join(PACKAGE, 'node_modules'), join(root, 'node_modules'));
  writeFileSync(join(root, 'package.json'), JSON.stringify({ ...MANIFEST, version }));
  return join(root, 'bin/claude-secure.js');
}
