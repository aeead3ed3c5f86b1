import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { ensureCertificate } from '../../src/certificate/ensure.ts';
import { renewCertificate } from '../../src/certificate/renew.ts';
import { Failure } from '../../src/errors.ts';
import type { Paths } from '../../src/paths.ts';
import { createHome, type Home } from '../support/home.ts';

const PROGRAM = fileURLToPath(new URL('../fixtures/ensure-certificate.mjs', import.meta.url));
const NOBODY = 65_534;
const NO_NAMES = { hostnames: [] };
const FILES = ['authority', 'identity', 'serverCertificate', 'caBundle'] as const;
const DIRECTORIES = ['root', 'certificates'] as const;

const modeOf = (path: string): number => statSync(path).mode & 0o777;

/** Neither call may go on; both name `path` and `found`, and tell what to do. */
async function expectRefused(paths: Paths, path: string, found: RegExp): Promise<void> {
  for (const call of [ensureCertificate, renewCertificate]) {
    const failure = await call(paths, NO_NAMES).then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(failure).toBeInstanceOf(Failure);
    expect(failure).toMatchObject({ code: 'FILE_UNSAFE', message: expect.stringMatching(found) });
    expect((failure as Failure).message).toContain(path);
    expect((failure as Failure).hint).not.toBe('');
  }
}

async function createComplete(): Promise<Home> {
  const home = createHome();
  await ensureCertificate(home.paths, NO_NAMES);
  return home;
}

describe('R3: modes', () => {
  it.each(['000', '022', '077'])('are private under umask %s', (umask) => {
    const { dir, paths } = createHome();
    const { status, stderr } = spawnSync(process.execPath, [PROGRAM, paths.root, 'ensure', umask], {
      encoding: 'utf8',
    });
    expect([status, stderr, existsSync(dir)]).toEqual([0, '', true]);
    expect(DIRECTORIES.map((name) => modeOf(paths[name]))).toEqual([0o700, 0o700]);
    expect([paths.authority, paths.identity, paths.gitignore].map(modeOf)).toEqual([0o600, 0o600, 0o600]);

    expect([paths.serverCertificate, paths.caBundle].map(modeOf)).toEqual([0o644, 0o644]);
  });

  it('leave nothing that another account can read', () => {
    const { dir, paths } = createHome();
    // The way there is open: only our own modes protect the files.
    chmodSync(dir, 0o755);
    expect(spawnSync(process.execPath, [PROGRAM, paths.root, 'ensure', '000']).status).toBe(0);
    const asNobody = (args: string[]): number | null =>
      spawnSync('setpriv', [`--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups', ...args]).status;
    expect(asNobody(['test', '-d', dir])).toBe(0);
    for (const path of [...FILES.map((name) => paths[name]), paths.certificates]) {
      expect(asNobody(['test', '-r', path]), path).toBe(1);
    }
  });
});

describe('R3: planted and opened files', () => {
  it.each(FILES)('refuses a symlink in place of %s and leaves its victim alone', async (name) => {
    for (const isFirstRun of [true, false]) {
      const { dir, paths } = isFirstRun ? createHome() : await createComplete();
      const victim = join(dir, 'victim');
      writeFileSync(victim, 'precious', { mode: 0o600 });
      mkdirSync(paths.certificates, { recursive: true, mode: 0o700 });
      chmodSync(paths.root, 0o700);
      rmSync(paths[name], { force: true });
      symlinkSync(victim, paths[name]);
      await expectRefused(paths, paths[name], /is a symbolic link/);
      expect(readFileSync(victim, 'utf8')).toBe('precious');
      expect(lstatSync(paths[name]).isSymbolicLink()).toBe(true);
    }
  });

  it.each([
    ['authority', 0o644],
    ['authority', 0o640],
    ['identity', 0o604],
    ['serverCertificate', 0o666],
    ['caBundle', 0o664],
  ] as const)('refuses %s of mode %o and does not change it', async (name, mode) => {
    const { paths } = await createComplete();
    chmodSync(paths[name], mode);
    await expectRefused(paths, paths[name], new RegExp(`has mode 0${mode.toString(8)}`));
    expect(modeOf(paths[name])).toBe(mode);
  });

  it.each(FILES)('refuses %s of another owner', async (name) => {
    const { paths } = await createComplete();
    chownSync(paths[name], NOBODY, NOBODY);
    await expectRefused(paths, paths[name], /belongs to uid 65534/);
  });

  it.each(FILES)('refuses a directory in place of %s', async (name) => {
    const { paths } = await createComplete();
    rmSync(paths[name]);
    mkdirSync(paths[name]);
    await expectRefused(paths, paths[name], /is not a regular file/);
  });
});

describe('R3: directories', () => {
  it.each(DIRECTORIES)('refuses a symlink in place of %s', async (name) => {
    const { dir, paths } = await createComplete();
    const moved = join(dir, 'moved');
    renameSync(paths[name], moved);
    symlinkSync(moved, paths[name]);
    await expectRefused(paths, paths[name], /is a symbolic link/);
  });

  it.each(DIRECTORIES)('refuses a file in place of %s', async (name) => {
    const { paths } = await createComplete();
    rmSync(paths[name], { recursive: true });
    writeFileSync(paths[name], '');
    await expectRefused(paths, paths[name], /is not a directory/);
  });

  it.each(DIRECTORIES)('refuses %s that others may enter, and does not change it', async (name) => {
    for (const mode of [0o755, 0o770, 0o777]) {
      const { paths } = await createComplete();
      chmodSync(paths[name], mode);
      await expectRefused(paths, paths[name], new RegExp(`has mode 0${mode.toString(8)}`));
      expect(modeOf(paths[name])).toBe(mode);
    }
  });

  it.each(DIRECTORIES)('refuses %s of another owner', async (name) => {
    const { paths } = await createComplete();
    chownSync(paths[name], NOBODY, NOBODY);
    await expectRefused(paths, paths[name], /belongs to uid 65534/);
  });

  it('says plainly that a home cannot be written to', () => {
    const { dir } = createHome();
    chmodSync(dir, 0o755);
    const home = join(dir, 'home');
    const asNobody = [
      '--reuid=65534',
      '--regid=65534',
      '--clear-groups',
      process.execPath,
      PROGRAM,
      home,
      'ensure',
    ];
    const { status, stdout, stderr } = spawnSync('setpriv', asNobody, { encoding: 'utf8' });
    expect([status, stderr]).toEqual([1, '']);
    expect(JSON.parse(stdout)).toMatchObject({
      code: 'HOME_UNUSABLE',
      message: `cannot write ${home} (EACCES)`,
    });
    expect(existsSync(home)).toBe(false);
  });
});
