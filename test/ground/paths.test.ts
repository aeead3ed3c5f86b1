import { readFileSync } from 'node:fs';
import { isAbsolute, relative, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { resolvePaths } from '../../src/paths.ts';

const UNSET = { home: undefined };

describe('resolvePaths', () => {
  it.each<[string, NodeJS.Platform, NodeJS.ProcessEnv, string]>([
    ['Linux', 'linux', { HOME: '/home/a' }, '/home/a/.config/claude-secure'],
    ['Linux with XDG', 'linux', { HOME: '/home/a', XDG_CONFIG_HOME: '/x' }, '/x/claude-secure'],
    ['a relative XDG', 'linux', { HOME: '/home/a', XDG_CONFIG_HOME: 'x' }, '/home/a/.config/claude-secure'],
    ['an empty XDG', 'linux', { HOME: '/home/a', XDG_CONFIG_HOME: '' }, '/home/a/.config/claude-secure'],
    ['macOS', 'darwin', { HOME: '/Users/a' }, '/Users/a/Library/Application Support/claude-secure'],
    ['Windows', 'win32', { HOME: '/u', APPDATA: '/u/AppData/Roaming' }, '/u/AppData/Roaming/claude-secure'],
    ['Windows without APPDATA', 'win32', { HOME: '/u' }, '/u/AppData/Roaming/claude-secure'],
  ])('on %s', (_, platform, env, root) => {
    expect(resolvePaths(UNSET, env, platform).root).toBe(root);
  });

  it.each(['', 'relative', '.', undefined])('T8: HOME %j never means the current directory', (HOME) => {
    const { root } = resolvePaths(UNSET, { HOME }, 'linux');
    expect(isAbsolute(root)).toBe(true);
    expect(relative(process.cwd(), root)).toMatch(/^\.\./);
  });

  it('CLAUDE_SECURE_HOME moves it; a relative one counts from the current directory', () => {
    expect(resolvePaths({ home: '/srv/x' }, {}).root).toBe('/srv/x');
    expect(resolvePaths({ home: 'x' }, {}).root).toBe(resolve('x'));
  });

  it('keeps every file inside the root, and its table names every one', () => {
    const { root, ...files } = resolvePaths({ home: '/r' }, {});
    const table = readFileSync(new URL('../../src/paths.ts', import.meta.url), 'utf8').split('*/')[0] ?? '';
    for (const file of Object.values(files)) {
      const name = relative(root, file);
      expect(name.startsWith('..')).toBe(false);
      expect(table).toContain(name);
    }
  });
});
