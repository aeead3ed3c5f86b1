import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { limits } from '../../src/limits.ts';
import { mintFor } from '../support/control.ts';
import type { Home } from '../support/home.ts';
import { ENGINES } from '../support/listen.ts';
import { register, signIn, useToken } from '../support/oauth-client.ts';
import { createProgramHome, programCommand, readState, runProgram, startDaemon } from '../support/program.ts';
import { endProcessesOf, start } from '../support/run.ts';
import { waitFor } from '../support/wait-for.ts';

const SECRET = { mode: 0o600 };
const LOGS_BYTES = 65_536;
/** Lines of more than a hundred bytes, which fill what is left of the page that the log ends in. */
const MORE_THAN_A_PAGE = 40;

const createEchoHome = (engine: string): Promise<Home> =>
  createProgramHome({ CLAUDE_SECURE_ENGINE: engine, CLAUDE_SECURE_CLAUDE: '/bin/echo' });

const linesOf = ({ paths }: Home): Record<string, unknown>[] =>
  readFileSync(paths.daemonLog, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));

describe.each(ENGINES)('the log of the daemon on %s', (engine) => {
  it('R56: takes the place of the oldest at 10 MiB, keeps three, and follows no link', async () => {
    const home = await createEchoHome(engine);
    const { daemonLog } = home.paths;
    mkdirSync(dirname(daemonLog), { recursive: true, mode: 0o700 });
    const victim = join(home.dir, 'victim');
    writeFileSync(victim, 'precious', SECRET);
    writeFileSync(daemonLog, '{"event":"older"}\n', SECRET);
    writeFileSync(`${daemonLog}.1`, '{"event":"old"}\n', SECRET);
    symlinkSync(victim, `${daemonLog}.2`);
    await startDaemon(home);
    appendFileSync(daemonLog, `{"event":"filler","text":"${'x'.repeat(limits.logBytes)}"}\n`);
    process.kill(readState(home)?.pid ?? 0, 'SIGKILL');
    await waitFor('a daemon again', async () => (await runProgram(home, ['-p', 'hi'])).stderr === '');
    expect((await register(home)).status).toBe(201);
    expect(readFileSync(daemonLog, 'utf8')).toContain('client.registered');
    expect(readFileSync(`${daemonLog}.1`, 'utf8')).toMatch(/^{"event":"older"}\n[\s\S]*"event":"filler"/);
    expect(readFileSync(`${daemonLog}.2`, 'utf8')).toBe('{"event":"old"}\n');
    expect(existsSync(`${daemonLog}.3`)).toBe(false);
    for (const file of [daemonLog, `${daemonLog}.1`, `${daemonLog}.2`])
      expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readFileSync(victim, 'utf8')).toBe('precious');
  });

  it('R56: full, it keeps nobody waiting, and says afterwards how much is missing', async () => {
    const home = await createEchoHome(engine);
    const { logs } = home.paths;
    mkdirSync(logs, { recursive: true, mode: 0o700 });
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${LOGS_BYTES},mode=700`, 'none', logs]);
    onTestFinished(async () => {
      await endProcessesOf(home.dir);
      execFileSync('umount', [logs]);
    });
    const { state } = await startDaemon(home);
    const filler = join(logs, 'filler');
    expect(() => writeFileSync(filler, Buffer.alloc(LOGS_BYTES))).toThrow('ENOSPC');
    for (let count = 0; count < MORE_THAN_A_PAGE; count++) await mintFor(home, home.dir);
    const client = await signIn(home);
    expect(await useToken(home, client.accessToken)).toBe(200);
    rmSync(filler);
    expect(await useToken(home, 'x')).toBe(401);
    expect(readState(home)?.pid).toBe(state.pid);
    const lines = linesOf(home);
    const kept = lines.filter(({ event }) => event === 'token.minted').length;
    const dropped = lines.reduce((sum, line) => sum + Number(line.dropped ?? 0), 0);
    expect(kept).toBeLessThan(MORE_THAN_A_PAGE);
    expect(dropped).toBeGreaterThanOrEqual(MORE_THAN_A_PAGE - kept);
    expect(lines.at(-1)).toMatchObject({ event: 'bearer.refused' });
  });

  it('R56: on a disk with errors it keeps nobody waiting', async () => {
    const home = await createEchoHome(engine);
    const { daemonLog } = home.paths;
    mkdirSync(dirname(daemonLog), { recursive: true, mode: 0o700 });
    const strace = ['strace', '-f', '-qq', '--seccomp-bpf', '-o', '/dev/null', '-P', daemonLog] as const;
    const faults = ['-e', 'trace=write', '-e', 'inject=write:error=EIO', '--'];
    const daemon = start([...strace, ...faults, ...programCommand(['serve'])], {
      env: home.env,
      cwd: home.dir,
    });
    await waitFor('the daemon', () => daemon.output.stdout.includes('engine '), 30_000);
    const client = await signIn(home);
    expect(await useToken(home, client.accessToken)).toBe(200);
    expect((await runProgram(home, ['status'])).status).toBe(0);
    expect(readFileSync(daemonLog, 'utf8')).toBe('');
    expect((await runProgram(home, ['stop'])).status).toBe(0);
    expect(await daemon.ended).toMatchObject({ status: 0 });
  });
});

it.each(['daemonLog', 'bootLog'] as const)(
  'R56: a link in the place of %s is named, and not written through',
  async (name) => {
    const home = await createEchoHome('uws');
    const file = home.paths[name];
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    const victim = join(home.dir, 'victim');
    writeFileSync(victim, 'precious', SECRET);
    symlinkSync(victim, file);
    const launch = await runProgram(home, ['-p', 'hi']);
    expect(launch).toMatchObject({ status: 0, stdout: expect.stringMatching(/^(?!.*--mcp-config).*-p hi/) });
    expect(launch.stderr).toContain(`${file} is a symbolic link`);
    expect(readFileSync(victim, 'utf8')).toBe('precious');
  },
);
