import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { createAuthority } from '../support/authority.ts';
import type { Home } from '../support/home.ts';
import { ENGINES } from '../support/listen.ts';
import { mintToken, useToken } from '../support/oauth-client.ts';
import { NOBODY, startAsNobody } from '../support/other-account.ts';
import { isAlive } from '../support/processes.ts';
import { createProgramHome, readState, runProgram, startDaemon } from '../support/program.ts';
import type { Running } from '../support/run.ts';
import { waitFor } from '../support/wait-for.ts';

const SQUATTER = fileURLToPath(new URL('../fixtures/squatter.mjs', import.meta.url));

/** Another account's program that takes this home's port as soon as it is free. */
async function squat(home: Home, { pem = '', host = '127.0.0.1' } = {}): Promise<Running> {
  const port = String(home.env.CLAUDE_SECURE_PORT);
  const squatter = startAsNobody([process.execPath, SQUATTER, host, port]);
  squatter.write(pem);
  squatter.closeInput();
  await waitFor('the squatter', () => squatter.output.stdout.startsWith('trying'));
  return squatter;
}

const hasPort = (squatter: Running): boolean => squatter.output.stdout.includes('listening\n');

/** What the squatter was sent. */
const heardBy = (squatter: Running): string =>
  squatter.output.stdout.replace(/^(?:trying\n)?(?:listening\n)?/, '');

function signItself({ dir }: Home): string {
  const { caFile } = createAuthority(dir, 'self');
  return readFileSync(join(dir, 'self-ca.key'), 'utf8') + readFileSync(caFile, 'utf8');
}

function signByAnother({ dir }: Home): string {
  const { key, cert } = createAuthority(dir, 'squatter').issue('IP:127.0.0.1');
  return key + cert;
}

/** What it shows, and the engine of the daemon that it takes the place of. */
const CERTIFICATES = [
  { shows: 'no certificate', engine: 'uws', pemFor: () => '' },
  { shows: 'a self-signed certificate', engine: 'https', pemFor: signItself },
  { shows: 'a certificate of another authority', engine: 'uws', pemFor: signByAnother },
] as const;

const createEchoHome = (engine: string): Promise<Home> =>
  createProgramHome({ CLAUDE_SECURE_CLAUDE: '/bin/echo', CLAUDE_SECURE_ENGINE: engine });

/** The owner's commands while the squatter has the port: one line says who it is, and nothing is told to it. */
async function expectNamed(home: Home, squatter: Running): Promise<void> {
  const port = home.env.CLAUDE_SECURE_PORT;
  const launch = await runProgram(home, ['-p', 'hi']);
  expect(launch).toMatchObject({ status: 0, stdout: expect.stringMatching(/^(?!.*--mcp-config).*-p hi/) });
  const lines = launch.stderr.trimEnd().split('\n');
  expect(lines.at(-2)).toBe(
    `claude-secure: port ${port} is used by node (pid ${squatter.pid}, uid ${NOBODY}) (PORT_TAKEN); Claude starts without our server`,
  );
  expect(lines.at(-1)).toContain('CLAUDE_SECURE_PORT');
  const [required, helper, serve, approve] = await Promise.all([
    runProgram(home, ['-p', 'hi'], { env: { CLAUDE_SECURE_REQUIRE: '1' } }),
    // Whatever the environment says of whom to trust, our own requests trust our roots alone.
    runProgram(home, ['headers', 'code'], { env: { NODE_TLS_REJECT_UNAUTHORIZED: '0' } }),
    runProgram(home, ['serve']),
    runProgram(home, ['approve', 'ABCD-EFGH']),
  ]);
  expect(required).toMatchObject({ status: 125, stdout: '' });
  expect(helper.stdout).toBe('');
  expect(serve.status).toBe(6);
  expect([3, 4]).toContain(approve.status);
  expect(isAlive(squatter.pid)).toBe(true);
}

/** TLS that the client breaks off shows nothing; without TLS there are ClientHellos, which hold no secret. */
function expectToldNothing(home: Home, squatter: Running): void {
  const heard = heardBy(squatter);
  expect(heard).not.toMatch(/authorization|bearer|x-claude-secure-owner|POST|GET/i);
  expect(heard).not.toContain(readFileSync(home.paths.ownerSecret, 'utf8'));
}

it.each(CERTIFICATES)(
  'R7: another account on our port with $shows is named and told nothing, before the first start and after a crash on $engine',
  async ({ engine, pemFor }) => {
    const home = await createEchoHome(engine);
    const pem = pemFor(home);
    const early = await squat(home, { pem });
    await waitFor('it to have the port', () => hasPort(early));
    await expectNamed(home, early);
    early.kill('SIGKILL');
    await early.ended;

    const { running } = await startDaemon(home);
    const token = await mintToken(home);
    const late = await squat(home, { pem });
    running.kill('SIGKILL');
    await waitFor('it to have the port', () => hasPort(late));
    await expectNamed(home, late);
    for (const command of ['status', 'stop', 'restart']) {
      expect((await runProgram(home, [command])).status, command).toBe(4);
    }
    expectToldNothing(home, early);
    expectToldNothing(home, late);
    late.kill('SIGKILL');
    await late.ended;
    expect((await runProgram(home, ['-p', 'hi'])).stdout).toContain('--mcp-config');
    expect(await useToken(home, token)).toBe(200);
  },
);

describe.each(ENGINES)('another account that waits for our port, the daemon on %s', (engine) => {
  it.each(['restart', 'cert renew'])(
    'R7: at `%s` it gets the port and is named, or we keep it; it hears nothing either way',
    async (command) => {
      const home = await createEchoHome(engine);
      const { state, running } = await startDaemon(home);
      const squatter = await squat(home, { pem: signByAnother(home) });
      const done = await runProgram(home, command.split(' '));
      if (hasPort(squatter)) {
        expect(done.status).not.toBe(0);
        await running.ended;
        await expectNamed(home, squatter);
      } else {
        expect(done).toMatchObject({ status: 0, stderr: '' });
        expect(readState(home)?.port).toBe(state.port);
      }
      expectToldNothing(home, squatter);
      squatter.kill('SIGKILL');
      await squatter.ended;
      expect((await runProgram(home, ['-p', 'hi'])).stdout).toContain('--mcp-config');
    },
  );

  it('R7: on [::1] it is in nobody’s way and hears nothing', async () => {
    const home = await createEchoHome(engine);
    const pem = signByAnother(home);
    const squatter = await squat(home, { pem, host: '::1' });
    await waitFor('it to have the port', () => hasPort(squatter));
    const launch = await runProgram(home, ['-p', 'hi']);
    expect(launch.stdout).toContain('--mcp-config');
    expect(await useToken(home, await mintToken(home))).toBe(200);
    expect((await runProgram(home, ['status'])).status).toBe(0);
    expect((await runProgram(home, ['stop'])).status).toBe(0);
    expect(heardBy(squatter)).toBe('');
  });
});

it('R9: with our stolen key and no instance of ours it is no daemon of ours', async () => {
  const home = await createEchoHome('uws');
  const first = await startDaemon(home);
  first.running.kill('SIGKILL');
  await first.running.ended;
  const squatter = await squat(home, { pem: readFileSync(home.paths.identity, 'utf8') });
  const launch = await runProgram(home, ['-p', 'hi']);
  expect(launch).toMatchObject({ status: 0, stdout: expect.not.stringContaining('--mcp-config') });
  expect((await runProgram(home, ['stop'])).status).toBe(4);
  // It is asked who it is, and nothing else.
  expect(heardBy(squatter)).toMatch(/^(GET \/health HTTP\/1\.1\r\n(?!authorization)[^\n]*)+/i);
  expect(heardBy(squatter)).not.toMatch(/POST|authorization|x-claude-secure-owner/i);
  expect(heardBy(squatter)).not.toContain(readFileSync(home.paths.ownerSecret, 'utf8'));
});
