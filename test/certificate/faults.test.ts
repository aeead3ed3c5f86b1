import { execFile, spawnSync } from 'node:child_process';
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { parseAuthority } from '../../src/certificate/authority.ts';
import { ensureCertificate } from '../../src/certificate/ensure.ts';
import { parseIdentity } from '../../src/certificate/identity.ts';
import { type Paths, resolvePaths } from '../../src/paths.ts';
import { createHome } from '../support/home.ts';

const PROGRAM = fileURLToPath(new URL('../fixtures/ensure-certificate.mjs', import.meta.url));
const SLOW_MS = 300_000;
const HOUR_MS = 3_600_000;

type Action = 'ensure' | 'renew';

const BREAKER = new URL('../fixtures/break-writes.mjs', import.meta.url).href;

const readIf = (path: string): string | undefined =>
  existsSync(path) ? readFileSync(path, 'utf8') : undefined;

/** Runs the room in a process of its own, with a fault at write `at` if there is one. */
function run(home: string, action: Action, fault?: { at: number; how: string }) {
  const env = { PATH: process.env.PATH, ...(fault && { BREAK_AT: String(fault.at), BREAK_HOW: fault.how }) };
  return spawnSync(process.execPath, ['--import', BREAKER, PROGRAM, home, action], { encoding: 'utf8', env });
}

/** Whatever stands under a final name must be whole, and key and chain must belong together. */
function expectNothingTorn(paths: Paths, where: string): void {
  const authorityText = readIf(paths.authority);
  const identityText = readIf(paths.identity);
  if (authorityText === undefined) {
    expect(identityText, where).toBeUndefined();
    return;
  }
  const authority = parseAuthority(authorityText, new Date());
  if (typeof authority === 'string') throw new Error(`${where}: the authority ${authority}`);
  if (identityText === undefined) return;
  const identity = parseIdentity(identityText);
  expect(identity?.leaf.checkPrivateKey(identity.key), where).toBe(true);
  expect(identity?.leaf.verify(authority.issuing.publicKey), where).toBe(true);
  expect(identity?.issuersPem, where).toBe(authority.chainPem);
}

/** The next run needs no help, keeps the authority, repairs the public files and collects what was left. */
async function expectHealed(paths: Paths, authorityBefore: string | undefined, where: string): Promise<void> {
  const { roots } = await ensureCertificate(paths, { hostnames: [] });
  const authority = readFileSync(paths.authority, 'utf8');
  if (authorityBefore !== undefined) expect(authority, where).toBe(authorityBefore);
  expectNothingTorn(paths, where);
  expect(
    readFileSync(paths.identity, 'utf8').endsWith(readFileSync(paths.serverCertificate, 'utf8')),
    where,
  ).toBe(true);
  expect(readFileSync(paths.caBundle, 'utf8'), where).toBe(roots);
  const old = new Date(Date.now() - 2 * HOUR_MS);
  for (const directory of [paths.root, paths.certificates]) {
    for (const name of readdirSync(directory)) {
      if (name.endsWith('.tmp')) utimesSync(join(directory, name), old, old);
    }
  }
  await ensureCertificate(paths, { hostnames: [] });
  const left = [...readdirSync(paths.root), ...readdirSync(paths.certificates)];
  expect(left.sort(), where).toEqual(
    ['.gitignore', 'authority.pem', 'ca-bundle.pem', 'certs', 'identity.pem', 'server.pem'].sort(),
  );
}

/** A home that can be started over for each fault: empty before a first run, complete before a renewal. */
async function stage(action: Action) {
  const { dir } = createHome();
  const home = join(dir, 'home');
  const origin = join(dir, 'origin');
  if (action === 'renew') await ensureCertificate(resolvePaths({ home: origin }, {}), { hostnames: [] });
  const reset = (): void => {
    rmSync(home, { recursive: true, force: true });
    if (action === 'renew') cpSync(origin, home, { recursive: true });
  };
  reset();
  const writes = run(home, action).stderr.trim().split('\n');
  // Each file takes at least: create, write, flush, rename or link, flush of the directory.
  expect(writes.length).toBeGreaterThanOrEqual((action === 'renew' ? 2 : 5) * 5);
  return { home, paths: resolvePaths({ home }, {}), writes, reset };
}

describe.each<Action>(['ensure', 'renew'])('R5: %s, broken at every write', (action) => {
  it.each(['KILL', 'TORN'])('survives SIGKILL (%s)', { timeout: SLOW_MS }, async (how) => {
    const { home, paths, writes, reset } = await stage(action);
    for (const [index, name] of writes.entries()) {
      if (how === 'TORN' && name !== 'writeSync') continue;
      const where = `${how} at write ${index + 1}, ${name}`;
      reset();
      expect(run(home, action, { at: index + 1, how }).signal, where).toBe('SIGKILL');
      expectNothingTorn(paths, where);
      await expectHealed(paths, readIf(paths.authority), where);
    }
  });

  it.each([
    ['ENOSPC', 'DISK_FULL'],
    ['EIO', 'HOME_UNUSABLE'],
  ])('L7, L8: turns %s into one clear Failure and loses nothing', { timeout: SLOW_MS }, async (how, code) => {
    const { home, paths, writes, reset } = await stage(action);
    for (const [index, name] of writes.entries()) {
      const where = `${how} at write ${index + 1}, ${name}`;
      reset();
      const before = readIf(paths.authority);
      const { status, stdout, stderr } = run(home, action, { at: index + 1, how });
      expect(stderr, where).toBe('');
      // A temporary file that cannot be removed is litter for a later run to collect, not a failure.
      const expected =
        name === 'rmSync'
          ? { outcome: expect.any(String) }
          : { code, message: expect.stringContaining(home) };
      expect(JSON.parse(stdout), where).toMatchObject(expected);
      expect(status, where).toBe(name === 'rmSync' ? 0 : 1);
      if (before !== undefined) expect(readIf(paths.authority), where).toBe(before);
      expectNothingTorn(paths, where);
      await expectHealed(paths, readIf(paths.authority), where);
    }
  });
});

describe('R5, R10: many first runs at once', () => {
  it('give one authority and one identity, the same for all', { timeout: SLOW_MS }, async () => {
    const { dir } = createHome();
    const home = join(dir, 'home');
    const runs = Array.from({ length: 20 }, () =>
      promisify(execFile)(process.execPath, [PROGRAM, home, 'ensure']),
    );
    const results = (await Promise.all(runs)).map(({ stdout }) => JSON.parse(stdout));
    expect(new Set(results.map(({ rootSha256 }) => rootSha256)).size).toBe(1);
    expect(new Set(results.map(({ serverSha256 }) => serverSha256)).size).toBe(1);
    expect(results.filter(({ outcome }) => outcome === 'created')).toHaveLength(1);
    const paths = resolvePaths({ home }, {});
    await expectHealed(paths, readFileSync(paths.authority, 'utf8'), 'after the race');
  });
});
