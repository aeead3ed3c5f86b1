import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { errnoOf, type Failure } from '../../src/errors.ts';
import {
  createFileAtomic,
  ensurePrivateDirectory,
  openForAppend,
  readOwnFile,
  removeFile,
  writeFileAtomic,
} from '../../src/files.ts';
import { collectTemporaryFiles } from '../../src/temporary-files.ts';

const FILES = fileURLToPath(new URL('../../dist/files.js', import.meta.url));
const NOBODY = 65_534;

function createDirectory(): string {
  const dir = mkdtempSync(join(tmpdir(), 'claude-secure-files-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

function failureOf(act: () => unknown): Failure {
  try {
    act();
  } catch (error) {
    return error as Failure;
  }
  throw new Error('it did not fail');
}

const modeOf = (path: string): string => (statSync(path).mode & 0o777).toString(8);

/** Runs statements on the built `files` module in a process of its own, under a umask, as root or nobody. */
function runInChild(statements: string, { umask = '022', asNobody = false } = {}): string {
  const script = `const files = await import(${JSON.stringify(FILES)});
    try { ${statements} } catch (error) { process.stdout.write(error.code + ' ' + error.message); }`;
  const node = [process.execPath, '--input-type=module', '-e', script];
  const command = asNobody
    ? ['setpriv', `--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups', ...node]
    : node;
  const child = spawnSync('bash', ['-c', `umask ${umask}; exec "$@"`, 'bash', ...command], {
    encoding: 'utf8',
  });
  if (child.status !== 0) throw new Error(child.stderr);
  return child.stdout;
}

describe('what is written', () => {
  it.each(['000', '022', '077'])('R3: has its exact mode under umask %s', (umask) => {
    const dir = join(createDirectory(), 'root');
    const out = runInChild(
      `files.ensurePrivateDirectory(${JSON.stringify(join(dir, 'certs'))});
       files.writeFileAtomic(${JSON.stringify(join(dir, 'secret'))}, 'x');
       files.createFileAtomic(${JSON.stringify(join(dir, 'key'))}, 'x');
       files.writeFileAtomic(${JSON.stringify(join(dir, 'public'))}, 'x', files.PUBLIC_MODE);
       files.openForAppend(${JSON.stringify(join(dir, 'log'))});`,
      { umask },
    );
    expect(out).toBe('');
    const modes = ['.', 'certs', 'secret', 'key', 'public', 'log'].map((name) => modeOf(join(dir, name)));
    expect(modes).toEqual(['700', '700', '600', '600', '644', '600']);
  });

  it('R3: never goes through a planted symlink, whose target stays as it was', () => {
    const dir = createDirectory();
    const victim = join(dir, 'victim');
    writeFileSync(victim, 'precious');
    const link = join(dir, 'ca.key');
    symlinkSync(victim, link);
    for (const act of [
      () => writeFileAtomic(link, 'x'),
      () => openForAppend(link, { truncate: true }),
      () => readOwnFile(link),
    ]) {
      const failure = failureOf(act);
      expect(failure).toMatchObject({ code: 'FILE_UNSAFE', message: `${link} is a symbolic link` });
      expect(failure.hint).toContain(link);
    }
    expect(createFileAtomic(link, 'x')).toBe(false);
    expect(readFileSync(victim, 'utf8')).toBe('precious');
  });

  it('replaces a file whole and leaves no temporary file, also when it fails', () => {
    const dir = createDirectory();
    const file = join(dir, 'file');
    const before = join(dir, 'before');
    writeFileAtomic(file, 'old');
    linkSync(file, before);
    writeFileAtomic(file, 'new');
    // A reader that had it open still has all the old bytes: it was swapped, not rewritten.
    expect([readFileSync(before, 'utf8'), readFileSync(file, 'utf8')]).toEqual(['old', 'new']);
    expect(failureOf(() => writeFileAtomic(join(dir, 'missing', 'file'), 'x')).code).toBe('HOME_UNUSABLE');
    expect(failureOf(() => writeFileAtomic(dir, 'x')).code).toBe('FILE_UNSAFE');
    expect(readdirSync(dir).sort()).toEqual(['before', 'file']);
  });

  it('gives a file to exactly one of its creators, whose bytes stay', () => {
    const file = join(createDirectory(), 'key');
    expect([createFileAtomic(file, 'first'), createFileAtomic(file, 'second')]).toEqual([true, false]);
    expect(readFileSync(file, 'utf8')).toBe('first');
  });

  it('L7: says that the disk is full, and keeps the old bytes', () => {
    const dir = createDirectory();
    expect(spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k,mode=0700', 'tmpfs', dir]).status).toBe(0);
    onTestFinished(() => expect(spawnSync('umount', [dir]).status).toBe(0));
    const file = join(dir, 'file');
    writeFileAtomic(file, 'old');
    const failure = failureOf(() => writeFileAtomic(file, 'x'.repeat(100_000)));
    expect(failure.code).toBe('DISK_FULL');
    expect(readFileSync(file, 'utf8')).toBe('old');
    expect(readdirSync(dir)).toEqual(['file']);
  });

  it('R3: a directory of another account is named, not used', () => {
    const dir = createDirectory();
    const own = join(dir, 'own');
    ensurePrivateDirectory(own);
    chmodSync(dir, 0o755);
    const out = runInChild(`files.writeFileAtomic(${JSON.stringify(join(own, 'file'))}, 'x');`, {
      asNobody: true,
    });
    expect(out).toContain(`HOME_UNUSABLE cannot write ${join(own, 'file')}`);
    expect(out).toContain('EACCES');
    expect(readdirSync(own)).toEqual([]);
  });
});

describe('what is read', () => {
  it.each([
    { mode: 0o644, secret: true, ok: false },
    { mode: 0o640, secret: true, ok: false },
    { mode: 0o604, secret: true, ok: false },
    { mode: 0o600, secret: true, ok: true },
    { mode: 0o400, secret: true, ok: true },
    { mode: 0o644, secret: false, ok: true },
    { mode: 0o664, secret: false, ok: false },
    { mode: 0o646, secret: false, ok: false },
  ])('R3: mode $mode of a file with secret=$secret is accepted: $ok, and never changed', (row) => {
    const file = join(createDirectory(), 'file');
    writeFileSync(file, 'text');
    chmodSync(file, row.mode);
    if (row.ok) {
      expect(readOwnFile(file, row)).toBe('text');
    } else {
      const failure = failureOf(() => readOwnFile(file, row));
      expect(failure.code).toBe('FILE_UNSAFE');
      expect(failure.message).toContain(`0${row.mode.toString(8)}`);
      expect(failure.hint).toBe(`chmod ${row.secret ? '600' : '644'} ${file}`);
    }
    expect(modeOf(file)).toBe(row.mode.toString(8));
  });

  it('R3: a file of another account is refused', () => {
    const file = join(createDirectory(), 'file');
    writeFileSync(file, 'text', { mode: 0o600 });
    chownSync(file, NOBODY, NOBODY);
    expect(failureOf(() => readOwnFile(file)).message).toBe(`${file} belongs to uid ${NOBODY}`);
    expect(failureOf(() => openForAppend(file)).code).toBe('FILE_UNSAFE');
  });

  it('R3: nobody cannot read a secret', () => {
    const dir = createDirectory();
    chmodSync(dir, 0o755);
    const file = join(dir, 'key');
    writeFileAtomic(file, 'top secret');
    const out = runInChild(`process.stdout.write(files.readOwnFile(${JSON.stringify(file)}));`, {
      asNobody: true,
    });
    expect(out).toBe(`FILE_UNSAFE cannot read ${file} (EACCES)`);
  });

  it('is undefined for a missing file, and refuses directories, pipes and huge files without hanging', () => {
    const dir = createDirectory();
    expect(readOwnFile(join(dir, 'missing'))).toBeUndefined();
    expect(failureOf(() => readOwnFile(dir)).message).toBe(`${dir} is not a regular file`);
    const pipe = join(dir, 'pipe');
    expect(spawnSync('mkfifo', ['-m', '600', pipe]).status).toBe(0);
    expect(failureOf(() => readOwnFile(pipe)).message).toBe(`${pipe} is not a regular file`);
    const big = join(dir, 'big');
    writeFileAtomic(big, 'x'.repeat(101));
    expect(failureOf(() => readOwnFile(big, { maxBytes: 100 })).code).toBe('FILE_UNSAFE');
  });
});

describe('ensurePrivateDirectory', () => {
  it.each([0o770, 0o707, 0o755, 0o777])('R3: refuses mode %o and does not change it', (mode) => {
    const dir = join(createDirectory(), 'root');
    mkdirSync(dir);
    chmodSync(dir, mode);
    const failure = failureOf(() => ensurePrivateDirectory(dir));
    expect(failure).toMatchObject({ code: 'FILE_UNSAFE', hint: `chmod 700 ${dir}` });
    expect(failure.message).toContain(`0${mode.toString(8)}`);
    expect(modeOf(dir)).toBe(mode.toString(8));
  });

  it('R3: refuses a symlink, a file and a foreign directory', () => {
    const dir = createDirectory();
    const link = join(dir, 'link');
    symlinkSync(dir, link);
    const file = join(dir, 'file');
    writeFileSync(file, '');
    const foreign = join(dir, 'foreign');
    mkdirSync(foreign, { mode: 0o700 });
    chownSync(foreign, NOBODY, NOBODY);
    for (const path of [link, file, foreign]) {
      expect(failureOf(() => ensurePrivateDirectory(path))).toMatchObject({ code: 'FILE_UNSAFE' });
    }
  });

  it('names a home that cannot be made', () => {
    const dir = createDirectory();
    chmodSync(dir, 0o755);
    const out = runInChild(`files.ensurePrivateDirectory(${JSON.stringify(join(dir, 'root'))});`, {
      asNobody: true,
    });
    expect(out).toContain('HOME_UNUSABLE');
    expect(existsSync(join(dir, 'root'))).toBe(false);
  });
});

describe('removeFile', () => {
  it('takes a missing file as removed, and names what it cannot remove', () => {
    const dir = createDirectory();
    removeFile(join(dir, 'missing'));
    expect(() => removeFile(dir)).toThrow(expect.objectContaining({ code: 'HOME_UNUSABLE' }));
  });
});

describe('collectTemporaryFiles', () => {
  it('R5: removes what a killed writer left an hour ago, and nothing else', () => {
    const dir = createDirectory();
    const old = '.key.0123456789ab.tmp';
    const names = [old, '.key.ba9876543210.tmp', 'key', '.key.tmp', 'a.0123456789ab.tmp'];
    for (const name of names) writeFileSync(join(dir, name), '');
    const longAgo = new Date(Date.now() - 2 * 3_600_000);
    for (const name of names.filter((name) => name !== '.key.ba9876543210.tmp')) {
      utimesSync(join(dir, name), longAgo, longAgo);
    }
    collectTemporaryFiles(dir);
    expect(readdirSync(dir).sort()).toEqual(names.filter((name) => name !== old).sort());
  });
});

it('errnoOf is empty for what is no system error', () => {
  expect([errnoOf(new Error('x')), errnoOf('x'), errnoOf(undefined)]).toEqual(['', '', '']);
});
