import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readMarkdown } from '../support/markdown.ts';

const readJson = (name: string) =>
  JSON.parse(readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8'));

const { dependencies, optionalDependencies, devDependencies, version } = readJson('package.json');
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

interface LockedPackage {
  readonly version: string;
  readonly integrity?: string;
  readonly inBundle?: boolean;
  readonly dev?: boolean;
  readonly hasInstallScript?: boolean;
}

const locked = Object.entries<LockedPackage>(packages).filter(([path]) => path !== '');

describe('the lockfile', () => {
  it('R61: pins every package by its hash and names no registry', () => {
    for (const [path, entry] of locked) {
      if (entry.inBundle) continue;
      expect([path, entry.integrity]).toEqual([path, expect.stringMatching(/^sha512-[A-Za-z0-9+/]{86}==$/)]);
      expect(entry).not.toHaveProperty('resolved');
    }
  });

  it('R61: takes no package with an install script, but for one that has its binary inside', () => {
    const scripted = locked.filter(([, { hasInstallScript, dev }]) => hasInstallScript && !dev);
    expect(scripted.map(([path]) => path)).toEqual(['node_modules/classic-level']);
  });

  it('R62: asks for exact versions, and has no MCP SDK with a known hole', () => {
    for (const [name, wanted] of Object.entries<string>({
      ...dependencies,
      ...optionalDependencies,
      ...devDependencies,
    }))
      expect([name, wanted]).toEqual([name, expect.stringMatching(/^(?:npm:[\w-]+@)?\d+\.\d+\.\d+$/)]);
    const sdks = locked.filter(([path]) => path.endsWith('node_modules/@modelcontextprotocol/sdk'));
    expect(sdks.length).toBeGreaterThan(0);
    for (const [path, { version }] of sdks) {
      const [major = 0, minor = 0] = version.split('.').map(Number);
      // CVE-2026-25536: answers crossed between clients that share a transport, up to 1.25.
      expect([path, major > 1 || minor >= 26]).toEqual([path, true]);
    }
  });
});

describe('CHANGELOG.md', () => {
  it('has the version of package.json', () => {
    const changelog = readFileSync(new URL('../../CHANGELOG.md', import.meta.url), 'utf8');
    expect(changelog).toContain(`\n## ${version} `);
  });
});
