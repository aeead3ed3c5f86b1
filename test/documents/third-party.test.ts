import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readMarkdown } from '../support/markdown.ts';

const readJson = (name: string) =>
  JSON.parse(readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8'));

const { dependencies, optionalDependencies, version } = readJson('package.json');
const { packages } = readJson('package-lock.json');
const [table, provenance] = readMarkdown('THIRD-PARTY.md').tables as string[][][];

describe('THIRD-PARTY.md', () => {
  it('has every dependency with its version and license', () => {
    const expected = Object.entries(dependencies).map(([name, pinned]) => {
      const { license } = packages[`node_modules/${name}`];
      return [name, pinned, license];
    });
    expect(table?.slice(0, -1).map((row) => row.slice(0, 3))).toEqual(expected);
  });

  it('R61: records where the native engine comes from, with the hash of the lockfile', () => {
    const { name, version: mirrored, integrity } = packages['node_modules/uWebSockets.js'];
    expect(optionalDependencies['uWebSockets.js']).toBe(`npm:${name}@${mirrored}`);
    const values = Object.fromEntries((provenance ?? []).map(([key, value]) => [key, value]));
    expect(values['npm package']).toBe(`\`${name}\` ${mirrored}`);
    expect(values.integrity).toBe(integrity);
  });
});

describe('the lockfile', () => {
  it('R61: pins every package by its hash and names no registry', () => {
    for (const [path, entry] of Object.entries<Record<string, unknown>>(packages)) {
      if (path === '' || entry.inBundle) continue;
      expect([path, typeof entry.integrity]).toEqual([path, 'string']);
      expect(entry).not.toHaveProperty('resolved');
    }
  });
});

describe('CHANGELOG.md', () => {
  it('has the version of package.json', () => {
    const changelog = readFileSync(new URL('../../CHANGELOG.md', import.meta.url), 'utf8');
    expect(changelog).toContain(`\n## ${version} `);
  });
});
