import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { bootId, processStart, type State } from '../../src/state.ts';
import { HOSTILE_STATES } from '../fixtures/hostile-states.ts';
import { createAuthority } from '../support/authority.ts';
import type { Home } from '../support/home.ts';
import { mintToken, useToken } from '../support/oauth-client.ts';
import { createProgramHome, readState, runProgram, startDaemon } from '../support/program.ts';
import { type Running, start } from '../support/run.ts';
import { waitFor } from '../support/wait-for.ts';

const NOBODY = 65_534;
const SQUATTER = fileURLToPath(new URL('../fixtures/squatter.mjs', import.meta.url));
const SECRET = { mode: 0o600 };

const createEchoHome = (extra: NodeJS.ProcessEnv = {}): Promise<Home> =>
  createProgramHome({ CLAUDE_SECURE_CLAUDE: '/bin/echo', ...extra });

const asNobody = (...command: string[]): [string, ...string[]] => [
  'setpriv',
  `--reuid=${NOBODY}`,
  `--regid=${NOBODY}`,
  '--clear-groups',
  '--',
  ...command,
];

/** A process of its own, ended with the test. */
function startProcess(command: readonly [string, ...string[]], home: Home): Running {
  const running = start(command, { env: { PATH: home.env.PATH }, cwd: '/' });
  onTestFinished(() => running.kill('SIGKILL'));
  return running;
}

/** Takes this home's port in the name of another account, with a key and its certificate. */
async function squat(home: Home, pem: string): Promise<Running> {
  const squatter = startProcess(
    asNobody(process.execPath, SQUATTER, String(home.env.CLAUDE_SECURE_PORT)),
    home,
  );
  squatter.write(pem);
  squatter.closeInput();
  await waitFor('the squatter', () => squatter.output.stdout.startsWith('listening'));
  return squatter;
}

describe("R7: another account on our daemon's port", () => {
  it('is named and told nothing, whatever its certificate; once it is gone everything is as before', async () => {
    const home = await createEchoHome();
    const first = await startDaemon(home);
    const token = await mintToken(home);
    first.running.kill('SIGKILL');
    await first.running.ended;

    const { key, cert } = createAuthority(home.dir, 'squatter').issue('IP:127.0.0.1');
    const squatter = await squat(home, key + cert);
    const launch = await runProgram(home, ['-p', 'hi']);
    expect(launch).toMatchObject({ status: 0, stdout: expect.not.stringContaining('--mcp-config') });
    expect(launch.stderr).toContain(`port ${first.state.port}`);
    expect(launch.stderr).toContain(`uid ${NOBODY}`);
    expect(launch.stderr).toContain('CLAUDE_SECURE_PORT');
    const required = await runProgram(home, ['-p', 'hi'], { env: { CLAUDE_SECURE_REQUIRE: '1' } });
    expect(required).toMatchObject({ status: 125, stdout: '' });
    expect((await runProgram(home, ['status'])).status).toBe(4);
    expect((await runProgram(home, ['stop'])).status).toBe(4);
    expect((await runProgram(home, ['restart'])).status).toBe(4);
    expect((await runProgram(home, ['headers', 'code'])).stdout).toBe('');
    expect((await runProgram(home, ['approve', 'ABCD-EFGH'])).status).toBe(4);
    expect((await runProgram(home, ['serve'])).status).toBe(6);
    expect(squatter.output.stdout, 'not one byte').toBe('listening\n');
    expect(processStart(squatter.pid)).toBeDefined();

    squatter.kill('SIGKILL');
    await squatter.ended;
    expect((await runProgram(home, ['-p', 'hi'])).stdout).toContain('--mcp-config');
    expect(await useToken(home, token)).toBe(200);
  });

  it('R9: with our stolen key and no instance of ours it is no daemon of ours', async () => {
    const home = await createEchoHome();
    const first = await startDaemon(home);
    const owner = readFileSync(home.paths.ownerSecret, 'utf8');
    first.running.kill('SIGKILL');
    await first.running.ended;
    const squatter = await squat(home, readFileSync(home.paths.identity, 'utf8'));
    const launch = await runProgram(home, ['-p', 'hi']);
    expect(launch).toMatchObject({ status: 0, stdout: expect.not.stringContaining('--mcp-config') });
    expect((await runProgram(home, ['stop'])).status).toBe(4);
    // It is asked who it is, and nothing else.
    expect(squatter.output.stdout).toMatch(
      /^listening\n(GET \/health HTTP\/1\.1\r\n(?!authorization)[^\n]*)+/i,
    );
    expect(squatter.output.stdout).not.toMatch(/POST|authorization|x-claude-secure-owner/i);
    expect(squatter.output.stdout).not.toContain(owner);
  });
});

describe('R11: a state file that lies', () => {
  it('status says not running, stop signals nobody, and a launch starts our own', async () => {
    const home = await createEchoHome();
    const { state, running } = await startDaemon(home);
    running.kill('SIGTERM');
    await running.ended;
    const bystander = startProcess(['sleep', '600'], home);
    const procStart = processStart(bystander.pid) ?? '';
    const lie = (changes: Partial<State>): string =>
      JSON.stringify({ ...state, pid: bystander.pid, procStart, bootId: bootId(), ...changes });
    const whole = lie({});
    const lies = [
      whole,
      lie({ bootId: 'another boot' }),
      lie({ procStart: '1' }),
      lie({ pid: process.pid }),
      lie({ port: 1 }),
      ...[1, 100, whole.length - 1].map((length) => whole.slice(0, length)),
      ...HOSTILE_STATES.filter(([name]) => /^(?:a list|pid 1|a pid with|NULs|deep)/.test(name)).map(
        ([, text]) => text,
      ),
    ];
    expect(lies).toHaveLength(14);
    for (const text of lies) {
      writeFileSync(home.paths.state, text, SECRET);
      const about = text.slice(0, 200);
      expect((await runProgram(home, ['status'])).status, about).toBe(3);
      expect((await runProgram(home, ['stop'])).status, about).toBe(3);
      expect(processStart(bystander.pid), about).toBe(procStart);
    }
    writeFileSync(home.paths.state, whole, SECRET);
    expect((await runProgram(home, ['-p', 'hi'])).stdout).toContain('--mcp-config');
    expect(readState(home)?.pid).not.toBe(bystander.pid);
    expect((await runProgram(home, ['stop'])).status).toBe(0);
    expect(processStart(bystander.pid)).toBe(procStart);
  });
});
