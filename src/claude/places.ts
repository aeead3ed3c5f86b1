import { readdirSync, realpathSync } from 'node:fs';
import { basename, delimiter, dirname, isAbsolute, join, normalize } from 'node:path';
import { homeDirectory } from '../home-directory.ts';

export interface PlacesOptions {
  readonly env: NodeJS.ProcessEnv;
  readonly platform: NodeJS.Platform;
  readonly execPath: string;
  /** Where claude-secure itself is installed. */
  readonly packageRoot: string;
}

const BIN = join('node_modules', '.bin');

function resolveLinks(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

/** The `node_modules/.bin` of the trees we run from ourselves: code there is as trusted as we are. */
function ownBins(packageRoot: string): string[] {
  const parent = dirname(packageRoot);
  const own = [join(packageRoot, BIN)];
  if (basename(parent) === 'node_modules') own.push(join(parent, '.bin'));
  return own;
}

/**
 * The directories of the PATH that may hold claude. Relative entries and the `node_modules/.bin` of projects,
 * which npm puts in front, are left out: a project must not choose what we run (R59).
 */
function pathDirectories(env: NodeJS.ProcessEnv, packageRoot: string): string[] {
  const own = ownBins(packageRoot).map(resolveLinks);
  return (env.PATH ?? env.Path ?? '')
    .split(delimiter)
    .filter((entry) => isAbsolute(entry))
    .map((entry) => normalize(entry).replace(/(?<=.)[\\/]$/, ''))
    .filter((entry) => !entry.endsWith(BIN) || own.includes(resolveLinks(entry)));
}

/** Claude's native installer keeps one file for each version; the newest comes first. */
function installedVersions(home: string): string[] {
  const directory = join(home, '.local', 'share', 'claude', 'versions');
  try {
    return readdirSync(directory)
      .filter((name) => /^\d+\.\d+\.\d+$/.test(name))
      .sort((left, right) => right.localeCompare(left, 'en', { numeric: true }))
      .map((name) => join(directory, name));
  } catch {
    return [];
  }
}

function fixedDirectories({ execPath, packageRoot }: PlacesOptions, home: string): string[] {
  return [
    join(home, '.claude', 'local'),
    join(home, '.claude', 'local', BIN),
    dirname(execPath),
    join(home, '.local', 'share', 'pnpm'),
    join(home, 'Library', 'pnpm'),
    join(home, '.bun', 'bin'),
    join(home, '.volta', 'bin'),
    '/opt/homebrew/bin',
    '/usr/local/bin',
    ...ownBins(packageRoot),
  ];
}

/** Every file that may be claude, in the order in which they are tried; none of them depends on the project. */
export function listPlaces(options: PlacesOptions): string[] {
  const { env, platform, packageRoot } = options;
  const home = homeDirectory(env);
  // cmd shims cannot be spawned (CVE-2024-27980); they lead to the executable beside them.
  const names = platform === 'win32' ? ['claude.exe', 'claude.cmd'] : ['claude'];
  const inside = (directory: string): string[] => names.map((name) => join(directory, name));
  return [
    ...new Set([
      ...pathDirectories(env, packageRoot).flatMap(inside),
      ...inside(join(home, '.local', 'bin')),
      ...installedVersions(home),
      ...fixedDirectories(options, home).flatMap(inside),
    ]),
  ];
}
