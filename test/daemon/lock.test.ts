import { existsSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { takeStartLock } from '../../src/daemon/lock.ts';
import { limits } from '../../src/limits.ts';
import { processStart } from '../../src/state.ts';
import { createHome } from '../support/home.ts';

const NOW = 1_800_000_000_000;

function createLockFile(): string {
  const { dir } = createHome();
  return `${dir}/start.lock`;
}

const own = (changes: object): string =>
  JSON.stringify({
    token: 't',
    pid: process.pid,
    procStart: processStart(process.pid),
    takenAt: NOW,
    ...changes,
  });

describe('takeStartLock', () => {
  it('gives the lock to one at a time', () => {
    const file = createLockFile();
    const release = takeStartLock(file, NOW);
    expect(release).toBeDefined();
    expect(takeStartLock(file, NOW)).toBeUndefined();
    release?.();
    expect(existsSync(file)).toBe(false);
    expect(takeStartLock(file, NOW)).toBeDefined();
  });

  it.each([
    ['alive and just taken', own({}), false],
    ['alive, taken up to the limit ago', own({ takenAt: NOW - limits.startLockMs }), false],
    ['alive, taken too long ago', own({ takenAt: NOW - limits.startLockMs - 1 }), true],
    ['from the future: the clock was set back', own({ takenAt: NOW + limits.startLockMs + 1 }), true],
    ['dead', own({ pid: 4_194_304, procStart: '1' }), true],
    ['dead, its pid given to another', own({ procStart: '1' }), true],
    ['of a platform without start times', own({ procStart: undefined }), false],
    ['no lock at all', '', true],
    ['garbled', '{"token":', true],
  ])('R10: breaks one whose holder is %s: %s', (_, text, isBroken) => {
    const file = createLockFile();
    writeFileSync(file, text, { mode: 0o600 });
    expect(takeStartLock(file, NOW) !== undefined).toBe(isBroken);
  });

  it("does not release what has become another's", () => {
    const file = createLockFile();
    const release = takeStartLock(file, NOW);
    writeFileSync(file, own({ token: 'other' }), { mode: 0o600 });
    release?.();
    expect(JSON.parse(readFileSync(file, 'utf8')).token).toBe('other');
  });

  it('R3: does not follow a planted symlink', () => {
    const file = createLockFile();
    symlinkSync('/etc/passwd', file);
    expect(() => takeStartLock(file, NOW)).toThrow(expect.objectContaining({ code: 'FILE_UNSAFE' }));
  });
});
