import { readdirSync, readFileSync } from 'node:fs';
import { join, posix, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

/** What each room may import besides itself and the ground floor (`''`, src/*.ts). */
const ROOMS: Record<string, readonly string[]> = {
  '': [],
  claude: [],
  certificate: [],
  daemon: [],
  mcp: [],
  oauth: [],
  store: [],
  server: ['oauth', 'mcp', 'store', 'certificate'],
  cli: ['claude', 'certificate', 'daemon'],
};
/** Loaded by `await import()` only: it holds what a launch must not pay for. */
const DYNAMIC: Record<string, readonly string[]> = { cli: ['server'] };
const TOO_HEAVY_FOR_A_LAUNCH =
  /^(@modelcontextprotocol\/|node-forge|classic-level|jose|zod|uWebSockets\.js|undici$)/;

const source = fileURLToPath(new URL('../src', import.meta.url));
const files = readdirSync(source, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
  .map((entry) => relative(source, join(entry.parentPath, entry.name)).replaceAll('\\', '/'));

interface Import {
  target: string;
  isDynamic: boolean;
  isType: boolean;
}

/** The imports of a file: those of ours as paths below src, others by their name. */
function importsOf(file: string): Import[] {
  const text = readFileSync(join(source, file), 'utf8');
  const found = text.matchAll(
    /^(?:import|export)\s+(type\s)?(?:[^'";]*?\sfrom\s+)?'([^']+)'|\bimport\(\s*'([^']+)'\s*\)/gm,
  );
  return [...found].map(([, type, fixed, dynamic]) => {
    const name = (fixed ?? dynamic) as string;
    const target = name.startsWith('.') ? posix.join(posix.dirname(file), name) : name;
    return { target, isDynamic: fixed === undefined, isType: type !== undefined };
  });
}

const roomOf = (file: string): string => (file.includes('/') ? (file.split('/')[0] as string) : '');
const isOurs = (target: string): boolean => files.includes(target);

function violationsOf(file: string): string[] {
  const room = roomOf(file);
  return importsOf(file)
    .filter(({ target }) => isOurs(target))
    .filter(({ target, isDynamic }) => {
      const other = roomOf(target);
      const allowed = ['', room, ...(ROOMS[room] ?? []), ...(isDynamic ? (DYNAMIC[room] ?? []) : [])];
      return !allowed.includes(other);
    })
    .map(({ target }) => `${file} -> ${target}`);
}

/** Everything that loading `entry` loads. */
function reach(entry: string, seen = new Set<string>()): Set<string> {
  if (seen.has(entry)) return seen;
  seen.add(entry);
  if (!isOurs(entry)) return seen;
  for (const { target, isDynamic, isType } of importsOf(entry))
    if (!isDynamic && !isType) reach(target, seen);
  return seen;
}

describe('the rooms of src', () => {
  it('are those of the map', () => {
    expect([...new Set(files.map(roomOf))].sort()).toEqual(Object.keys(ROOMS).sort());
  });

  it('import only what the map allows', () => {
    expect(files.flatMap(violationsOf)).toEqual([]);
  });

  it.each(['cli/main.ts', 'cli/launch.ts', 'cli/headers.ts'])(
    '%s loads nothing heavy on the way to claude',
    (entry) => {
      expect(files).toContain(entry);
      const loaded = [...reach(entry)];
      expect(loaded.filter((target) => TOO_HEAVY_FOR_A_LAUNCH.test(target))).toEqual([]);
      expect(loaded.filter((target) => roomOf(target) === 'server')).toEqual([]);
    },
  );
});
