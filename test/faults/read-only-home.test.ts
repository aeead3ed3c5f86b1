import { chmodSync, chownSync, mkdirSync, readFileSync } from 'node:fs';
import { expect } from 'vitest';
import type { Home } from '../support/home.ts';
import { createProgramHome, programCommand, readState, runProgram } from '../support/program.ts';
import { type Outcome, run } from '../support/run.ts';
import { faultLine, type Reading } from './line.ts';

const NOBODY = 65_534;
const DROP = ['setpriv', `--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups', '--'] as const;
/** Nothing here reaches an engine. */
const ENGINES = ['uws'] as const;
const AS_PROMISED: readonly Reading[] = [{ what: 'every command', seen: 'as promised', held: true }];

const createEchoHome = (): Promise<Home> => createProgramHome({ CLAUDE_SECURE_CLAUDE: '/bin/echo' });

const lines = ({ stderr }: Outcome): string[] => stderr.trimEnd().split('\n');

/** Runs the program where this home's disk cannot be written. */
function runReadOnly(home: Home, args: readonly string[]): Promise<Outcome> {
  const script = 'mount --bind "$0" "$0" && mount -o remount,ro,bind "$0" && exec "$@"';
  const command = ['unshare', '--mount', 'sh', '-c', script, home.dir, ...programCommand(args)] as const;
  return run(command, { env: home.env, cwd: '/' });
}

faultLine(
  {
    number: 'L8',
    input: 'a home that is read-only from the start, or from now on',
    promised: 'told in one line, nothing is made anew or lost, Claude starts',
    engines: ENGINES,
  },
  async () => {
    const home = await createEchoHome();
    const first = await runReadOnly(home, ['-p', 'hi']);
    expect(first).toMatchObject({ status: 0, stdout: '-p hi\n' });
    expect(lines(first)).toEqual([
      expect.stringContaining(`cannot write ${home.paths.root}`),
      expect.stringContaining('CLAUDE_SECURE_HOME'),
    ]);

    await runProgram(home, ['-p', 'hi']);
    await runProgram(home, ['stop']);
    const keep = [home.paths.authority, home.paths.identity, home.paths.signingKeys, home.paths.ownerSecret];
    const before = keep.map((file) => readFileSync(file, 'utf8'));
    const launch = await runReadOnly(home, ['-p', 'hi']);
    expect(launch).toMatchObject({ status: 0, stdout: expect.stringContaining('-p hi') });
    expect(lines(launch)).toEqual([
      expect.stringContaining('EROFS'),
      expect.stringContaining('CLAUDE_SECURE_HOME'),
    ]);
    for (const args of [['serve'], ['headers', 'code'], ['restart'], ['cert', 'renew']]) {
      const outcome = await runReadOnly(home, args);
      expect(outcome, args.join(' ')).toMatchObject({ status: 1, stdout: '' });
      expect(lines(outcome)[0], args.join(' ')).toContain('EROFS');
    }
    expect((await runReadOnly(home, ['cert'])).status).toBe(0);
    expect(keep.map((file) => readFileSync(file, 'utf8'))).toEqual(before);
    expect((await runProgram(home, ['-p', 'hi'])).stdout).toContain('--mcp-config');
    return AS_PROMISED;
  },
);

faultLine(
  {
    number: 'L8',
    input: 'a home made read-only under a running daemon',
    promised: 'it goes on, and launches still work',
    engines: ENGINES,
  },
  async () => {
    const home = await createEchoHome();
    await runProgram(home, ['-p', 'hi']);
    const state = readState(home);
    const launch = await runReadOnly(home, ['-p', 'hi']);
    expect(launch).toMatchObject({ status: 0, stderr: '', stdout: expect.stringContaining('--mcp-config') });
    expect((await runReadOnly(home, ['headers', 'code'])).status).toBe(0);
    expect(readState(home)).toEqual(state);
    return AS_PROMISED;
  },
);

faultLine(
  {
    number: 'L8',
    input: 'a home that its own account, nobody, may not write',
    promised: 'one line with the path and the cure; Claude starts; no other command waits or loops',
    engines: ENGINES,
  },
  async () => {
    const home = await createEchoHome();
    chmodSync(home.dir, 0o755);
    mkdirSync(home.paths.root, { recursive: true });
    chownSync(home.paths.root, NOBODY, NOBODY);
    chmodSync(home.paths.root, 0o500);
    const asNobody = (...args: string[]): Promise<Outcome> =>
      run([...DROP, ...programCommand(args)], { env: home.env, cwd: '/' });
    const launch = await asNobody('-p', 'hi');
    expect(launch).toMatchObject({ status: 0, stdout: '-p hi\n' });
    expect(lines(launch)).toEqual([
      expect.stringContaining(`cannot write ${home.paths.root}`),
      expect.stringContaining('CLAUDE_SECURE_HOME'),
    ]);
    for (const args of [['serve'], ['headers', 'code'], ['restart'], ['cert', 'renew']]) {
      const outcome = await asNobody(...args);
      expect(outcome, args.join(' ')).toMatchObject({ status: 1, stdout: '' });
      expect(lines(outcome)[0], args.join(' ')).toContain('EACCES');
    }
    expect((await asNobody('status')).status).toBe(3);
    return AS_PROMISED;
  },
);
