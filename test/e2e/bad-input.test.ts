import { once } from 'node:events';
import { chmodSync, chownSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer as createHttpsServer } from 'node:https';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createAuthority } from '../support/authority.ts';
import type { Home } from '../support/home.ts';
import { createProgramHome, programCommand, readState, runProgram } from '../support/program.ts';
import { run, start } from '../support/run.ts';
import { waitFor } from '../support/wait-for.ts';

/** In place of claude: says which arguments it was given. */
const ECHO = '/bin/echo';
const NOBODY = 65_534;

const createEchoHome = (extra: NodeJS.ProcessEnv = {}): Promise<Home> =>
  createProgramHome({ CLAUDE_SECURE_CLAUDE: ECHO, ...extra });

/** A stranger on a port of its own; what it is sent is kept. */
async function startStranger(home: Home, isTls: boolean): Promise<{ port: number; heard: string[] }> {
  const heard: string[] = [];
  const listen = (data: Buffer): void => void heard.push(data.toString('latin1'));
  const credentials = () => createAuthority(home.dir, 'stranger').issue('IP:127.0.0.1');
  const server: Server = isTls ? createHttpsServer(credentials()) : createServer();
  server.on(isTls ? 'secureConnection' : 'connection', (socket) =>
    socket.on('data', listen).on('error', () => {}),
  );
  server.on('tlsClientError', () => undefined);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  onTestFinished(() => void server.close());
  return { port: (server.address() as AddressInfo).port, heard };
}

const oneLine = (stderr: string): string => {
  const lines = stderr.trimEnd().split('\n');
  expect(lines.length, stderr).toBeLessThanOrEqual(2);
  return lines[0] ?? '';
};

describe('bad input: one clear line, the right exit code, nothing lost', () => {
  it.each([false, true])(
    'R7: a port taken by a stranger (TLS: %s): Claude starts without our server',
    async (isTls) => {
      const home = await createEchoHome();
      const stranger = await startStranger(home, isTls);
      const env = { CLAUDE_SECURE_PORT: String(stranger.port) };

      const launch = await runProgram(home, ['-p', 'hi'], { env });
      expect(launch.status).toBe(0);
      expect(launch.stdout).toContain('-p hi');
      expect(launch.stdout).not.toContain('--mcp-config');
      expect(launch.stderr).toContain(`port ${stranger.port}`);
      expect(launch.stderr).toContain(`pid ${process.pid}`);
      expect(launch.stderr).toContain('CLAUDE_SECURE_PORT');

      const required = await runProgram(home, ['-p', 'hi'], { env: { ...env, CLAUDE_SECURE_REQUIRE: '1' } });
      expect(required).toMatchObject({ status: 125, stdout: '' });
      expect((await runProgram(home, ['serve'], { env })).status).toBe(6);
      expect(stranger.heard.join('')).not.toMatch(/authorization|owner|POST/i);
    },
  );

  it('claude missing: 127; not executable: 126', async () => {
    const home = await createEchoHome();
    const plain = join(home.dir, 'claude');
    writeFileSync(plain, '#!/bin/sh\n', { mode: 0o644 });
    for (const [file, status] of [
      [join(home.dir, 'nowhere'), 127],
      [plain, 126],
    ] as const) {
      const outcome = await runProgram(home, ['-p', 'hi'], { env: { CLAUDE_SECURE_CLAUDE: file } });
      expect(outcome).toMatchObject({ status, stdout: '' });
      expect(oneLine(outcome.stderr)).toContain(file);
    }
  });

  it.each([
    { args: ['status', '--jsno'], status: 2, says: '--json' },
    { args: ['serve', '--port', '1'], status: 2, says: 'serve' },
    { args: ['approve', 'ABCD-EFGH'], status: 3, says: 'not running' },
    { args: ['stop'], status: 3, says: 'not running' },
    { args: ['status'], status: 3, says: 'not running' },
  ])('$args on an empty home: exit $status', async ({ args, status, says }) => {
    const outcome = await runProgram(await createEchoHome(), args);
    expect(outcome.status, outcome.stderr).toBe(status);
    expect(outcome.stderr).toContain(says);
  });

  it.each([
    { variable: 'CLAUDE_SECURE_PORT', value: '65536' },
    { variable: 'CLAUDE_SECURE_ENGINE', value: 'apache' },
    { variable: 'CLAUDE_SECURE_IDLE', value: '3 hours' },
  ])('$variable=$value is named', async ({ variable, value }) => {
    const outcome = await runProgram(await createEchoHome(), ['status'], { env: { [variable]: value } });
    expect(outcome.status).toBe(1);
    expect(oneLine(outcome.stderr)).toContain(`${variable} is "${value}"`);
  });

  it("R3: a home that is another account's, or open to others, is named and left as it is", async () => {
    for (const spoil of [
      (root: string) => chownSync(root, NOBODY, NOBODY),
      (root: string) => chmodSync(root, 0o777),
    ]) {
      const home = await createEchoHome();
      mkdirSync(home.paths.root, { recursive: true, mode: 0o700 });
      spoil(home.paths.root);
      const serve = await runProgram(home, ['serve']);
      expect(serve.status).toBe(1);
      expect(oneLine(serve.stderr)).toContain(home.paths.root);
      const launch = await runProgram(home, ['-p', 'hi']);
      expect(launch).toMatchObject({ status: 0, stdout: expect.stringContaining('-p hi') });
    }
  });

  it('R11: a garbled state file heals by itself', async () => {
    const home = await createEchoHome();
    await runProgram(home, ['-p', 'hi']);
    const before = readState(home);
    writeFileSync(home.paths.state, '{"pid":1,"port":22}');
    const launch = await runProgram(home, ['-p', 'hi']);
    expect(launch.stdout).toContain('--mcp-config');
    expect((await runProgram(home, ['status'])).status).toBe(0);
    expect(readState(home)?.port).toBe(before?.port);
  });

  it("R58: a user's garbled CA file is told of and left alone, and ours is kept", async () => {
    const home = await createEchoHome();
    const garbage = join(home.dir, 'ca.pem');
    writeFileSync(garbage, 'garbage');
    const claude = join(home.dir, 'claude');
    writeFileSync(claude, '#!/bin/sh\ncat "$NODE_EXTRA_CA_CERTS"\n', { mode: 0o755 });
    const env = { CLAUDE_SECURE_CLAUDE: claude, NODE_EXTRA_CA_CERTS: garbage };
    const { stdout, stderr } = await runProgram(home, ['-p', 'hi'], { env });
    expect(stdout).toBe(readFileSync(home.paths.caBundle, 'utf8'));
    expect(stderr).toContain(garbage);
    expect(readFileSync(garbage, 'utf8')).toBe('garbage');
  });

  it('a full disk: serve says so and leaves no half file; with room again it starts', async () => {
    const home = await createEchoHome();
    mkdirSync(home.paths.root, { recursive: true, mode: 0o700 });
    const script = `mount -t tmpfs -o size=4k,mode=0700 none "$0" && exec "$@"`;
    const command = ['sh', '-c', script, home.paths.root, ...programCommand(['serve'])];
    const full = await run(['unshare', '--mount', ...command], { env: home.env, cwd: home.dir });
    expect(full.status).toBe(1);
    expect(oneLine(full.stderr)).toMatch(/space|full/i);
    expect((await runProgram(home, ['-p', 'hi'])).stdout).toContain('--mcp-config');
  });

  it('Ctrl-C during the first start loses nothing: the next launch works', async () => {
    const home = await createEchoHome();
    const first = start(programCommand(['-p', 'hi']), { env: home.env, cwd: home.dir });
    await waitFor('the start to begin', () => {
      try {
        return readFileSync(home.paths.authority);
      } catch {
        return undefined;
      }
    });
    first.kill('SIGINT');
    expect((await first.ended).stdout).toBe('');
    const next = await runProgram(home, ['-p', 'hi']);
    expect(next).toMatchObject({ status: 0, stdout: expect.stringContaining('--mcp-config') });
  });
});
