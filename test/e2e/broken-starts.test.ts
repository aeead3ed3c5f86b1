import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Home } from '../support/home.ts';
import { createProgramHome, programCommand, readState, runProgram } from '../support/program.ts';
import { type Outcome, run } from '../support/run.ts';

const SECRET = { mode: 0o600 };

const createEchoHome = (extra: NodeJS.ProcessEnv = {}): Promise<Home> =>
  createProgramHome({ CLAUDE_SECURE_CLAUDE: '/bin/echo', ...extra });

/** Runs the program and presses Ctrl-C at its n-th call of `call`; a daemon it starts is left alone. */
function interrupt(home: Home, args: readonly string[], call: string, nth: number): Promise<Outcome> {
  const inject = `inject=${call}:signal=SIGINT:when=${nth}`;
  const strace = ['strace', '-qq', '-o', '/dev/null', '-e', `trace=${call}`, '-e', inject, '--'] as const;
  return run([...strace, ...programCommand(args)], { env: home.env, cwd: home.dir });
}

// What a first start does, from the first directory to the daemon's answer: directories, keys, certificates, the
// daemon itself, its lock, and what Claude is handed.
const POINTS = [
  ['mkdir', 1],
  ['mkdir', 3],
  ['fsync', 1],
  ['rename', 1],
  ['link', 1],
  ['link', 2],
  ['socket', 1],
  ['unlink', 1],
] as const;

describe('Ctrl-C during a first start', () => {
  it.each(POINTS)(
    'at %s %i: ends at once, runs nothing, and the next launch works unaided',
    async (call, nth) => {
      const home = await createEchoHome({ CLAUDE_SECURE_REQUIRE: '1' });
      const broken = await interrupt(home, ['-p', 'hi'], call, nth);
      expect(broken.signal, broken.stderr).toBe('SIGINT');
      expect(broken.stdout).toBe('');
      const next = await runProgram(home, ['-p', 'hi']);
      expect(next.status, next.stderr).toBe(0);
      expect(next.stdout).toContain('--mcp-config');
      expect((await runProgram(home, ['status'])).status).toBe(0);
      expect(readFileSync(home.paths.daemonLog, 'utf8').match(/"daemon\.started"/g)).toHaveLength(1);
      expect(existsSync(home.paths.startLock)).toBe(false);
    },
  );

  it.each(POINTS)(
    'of `serve` at %s %i: leaves no daemon and no port, and the next one serves',
    async (call, nth) => {
      const home = await createEchoHome();
      const broken = await interrupt(home, ['serve'], call, nth);
      expect(broken.signal ?? broken.status, broken.stderr).toSatisfy((end) => end === 'SIGINT' || end === 0);
      expect(readState(home)).toBeUndefined();
      expect((await runProgram(home, ['-p', 'hi'])).stdout).toContain('--mcp-config');
    },
  );
});

describe('a daemon that cannot start', () => {
  it('is tried three times, then the person is told when again; Claude starts each time, restart tries at once', async () => {
    const home = await createEchoHome();
    expect((await runProgram(home, ['-p', 'hi'])).status).toBe(0);
    expect((await runProgram(home, ['stop'])).status).toBe(0);
    const whole = readFileSync(home.paths.signingKeys);
    writeFileSync(home.paths.signingKeys, 'garbage', SECRET);
    const launches: Outcome[] = [];
    for (let count = 0; count < 6; count++) launches.push(await runProgram(home, ['-p', 'hi']));
    for (const { status, stdout } of launches) {
      expect({ status, stdout }).toEqual({
        status: 0,
        stdout: expect.stringMatching(/^(?!.*--mcp-config).*-p hi/),
      });
    }
    const told = launches.map(({ stderr }) => (stderr.includes('again and again') ? 'pause' : 'reason'));
    expect(told).toEqual(['reason', 'reason', 'reason', 'reason', 'pause', 'pause']);
    expect(launches[0]?.stderr).toContain(`${home.paths.signingKeys} does not hold`);
    expect(launches[5]?.stderr).toMatch(/the next try is in \d+ s/);
    expect(launches[5]?.stderr.trimEnd().split('\n')).toHaveLength(2);
    const required = await runProgram(home, ['-p', 'hi'], { env: { CLAUDE_SECURE_REQUIRE: '1' } });
    expect(required).toMatchObject({ status: 125, stdout: '' });

    writeFileSync(home.paths.signingKeys, whole, SECRET);
    expect((await runProgram(home, ['restart'])).status).toBe(0);
    expect((await runProgram(home, ['-p', 'hi'])).stdout).toContain('--mcp-config');
    expect(readdirSync(home.paths.root)).not.toContain('crash.json');
  });
});
