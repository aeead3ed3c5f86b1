import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { probeDaemon } from '../../src/daemon/probe.ts';
import { createHome } from '../support/home.ts';
import { freePort } from '../support/program.ts';
import { type RunOptions, run } from '../support/run.ts';
import { type Credentials, createCredentials } from './credentials.ts';
import { answering, startStranger } from './stranger.ts';

const PROBE = fileURLToPath(new URL('../../dist/daemon/probe.js', import.meta.url));
const HEALTH = {
  name: 'claude-secure',
  version: '0.1.0',
  apiLevel: 1,
  instanceId: 'an-instance',
  pid: 4_242,
  startedAt: '2026-01-01T00:00:00.000Z',
  engine: 'https',
} as const;

let ours: Credentials;
beforeAll(() => {
  ours = createCredentials();
});

/** Probes in a process of its own, whose environment decides what Node would trust by itself. */
async function probeInChild(
  port: number,
  roots: string,
  { env, prefix = [] }: { env?: NodeJS.ProcessEnv; prefix?: string[] } = {},
): Promise<unknown> {
  const home = createHome();
  const rootsFile = join(home.dir, 'roots.pem');
  writeFileSync(rootsFile, roots);
  const script = `import { readFileSync } from 'node:fs';
    const { probeDaemon } = await import(${JSON.stringify(PROBE)});
    const roots = readFileSync(${JSON.stringify(rootsFile)}, 'utf8');
    process.stdout.write(JSON.stringify(await probeDaemon({ port: ${port}, roots })));`;
  const options: RunOptions = { env: { ...home.env, ...env } };
  const [file = process.execPath, ...rest] = prefix;
  const node = ['--input-type=module', '-e', script];
  const args = prefix.length > 0 ? [...rest, process.execPath, ...node] : node;
  const { stdout, stderr, status } = await run([file, ...args], options);
  expect(status, stderr).toBe(0);
  return JSON.parse(stdout);
}

describe('probeDaemon', () => {
  it('R9: a daemon under our root is ours, with what it says of itself', async () => {
    const answer = answering('200 OK', JSON.stringify(HEALTH));
    const { port, received } = await startStranger({ credentials: ours, answer });
    const probe = await probeDaemon({ port, roots: ours.roots });
    expect(probe).toEqual({ state: 'ours', health: HEALTH });
    expect(received()).toMatch(/^GET \/health HTTP\/1\.1\r\n/);
    expect(received().toLowerCase()).toContain(`host: 127.0.0.1:${port}\r\n`);
  });

  it('a port where nothing listens is absent', async () => {
    const probe = await probeDaemon({ port: await freePort(), roots: ours.roots });
    expect(probe).toEqual({ state: 'absent', reason: 'ECONNREFUSED' });
  });

  it('a listener that hangs up is absent: it is ending', async () => {
    const { port } = await startStranger({ answer: (socket) => socket.resetAndDestroy() });
    expect(await probeDaemon({ port, roots: ours.roots })).toMatchObject({ state: 'absent' });
  });

  it('a listener that never answers is unhealthy after the time given', async () => {
    const { port } = await startStranger({});
    const probe = await probeDaemon({ port, roots: ours.roots, timeoutMs: 200 });
    expect(probe).toEqual({ state: 'unhealthy', reason: 'timeout' });
  });

  it('one under our key that never answers HTTP is unhealthy as well', async () => {
    const { port } = await startStranger({ credentials: ours });
    const probe = await probeDaemon({ port, roots: ours.roots, timeoutMs: 300 });
    expect(probe).toEqual({ state: 'unhealthy', reason: 'timeout' });
  });

  it('a program without TLS is foreign', async () => {
    const { port } = await startStranger({ answer: answering('400 Bad Request', 'no') });
    const probe = await probeDaemon({ port, roots: ours.roots });
    expect(probe).toEqual({ state: 'foreign', reason: 'plaintext' });
  });

  it.each<[string, (authority: string) => Parameters<typeof createCredentials>[0], string]>([
    ['another root', () => ({}), 'untrusted'],
    ['another root, expired', () => ({ isExpired: true }), 'expired'],
    ['our root for another name', (authority) => ({ authority, names: ['localhost'] }), 'untrusted'],
    ['our root, expired', (authority) => ({ authority, isExpired: true }), 'expired'],
  ])('R7: a certificate of %s is foreign, and its holder sees no HTTP', async (_, options, reason) => {
    const { issueAuthority } = await import('../../src/certificate/issue.ts');
    const authority = issueAuthority(['localhost'], new Date());
    const { roots } = createCredentials({ authority });
    const credentials = createCredentials(options(authority));
    const { port, received } = await startStranger({ credentials });
    expect(await probeDaemon({ port, roots })).toEqual({ state: 'foreign', reason });
    expect(received()).toBe('');
  });

  it.each([
    ['a page', answering('200 OK', '<html>')],
    ['404', answering('404 Not Found', '{}')],
    ['the health of something else', answering('200 OK', JSON.stringify({ ...HEALTH, name: 'x' }))],
    ['more than a health answer ever holds', answering('200 OK', 'x'.repeat(10_000))],
    ['something that is not HTTP', (socket) => socket.write('SSH-2.0-OpenSSH_9.2\r\n')],
  ] as [string, ReturnType<typeof answering>][])('%s under our root is not ours', async (_, answer) => {
    const { port } = await startStranger({ credentials: ours, answer });
    const probe = await probeDaemon({ port, roots: ours.roots });
    expect(probe).toEqual({ state: 'foreign', reason: 'not-ours' });
  });

  it('R10: waits for a daemon that holds the port but is still starting', async () => {
    let requests = 0;
    const { port } = await startStranger({
      credentials: ours,
      answer: (socket) => {
        requests++;
        const isStarted = requests > 2;
        answering(isStarted ? '200 OK' : '503 Service Unavailable', JSON.stringify(HEALTH))(socket);
      },
    });
    expect(await probeDaemon({ port, roots: ours.roots })).toMatchObject({ state: 'ours' });
    expect(requests).toBe(3);
  });

  it('R7: trusts our roots alone, whatever the environment tells Node', async () => {
    const stranger = createCredentials();
    const home = createHome();
    const strangersRoot = join(home.dir, 'stranger.pem');
    writeFileSync(strangersRoot, stranger.roots);
    const { port, received } = await startStranger({ credentials: stranger });
    const env = { NODE_EXTRA_CA_CERTS: strangersRoot, NODE_TLS_REJECT_UNAUTHORIZED: '0' };
    expect(await probeInChild(port, ours.roots, { env })).toEqual({ state: 'foreign', reason: 'untrusted' });
    expect(received()).toBe('');
  });

  it.each(['EPERM', 'EACCES', 'ENETUNREACH', 'EMFILE'])(
    'a sandbox that answers connect with %s is told as such',
    async (errno) => {
      expect(spawnSync('strace', ['-V']).status).toBe(0);
      const prefix = ['strace', '-f', '-qq', '-o', '/dev/null', '-e', `inject=connect:error=${errno}`];
      const probe = await probeInChild(await freePort(), ours.roots, { prefix });
      expect(probe).toEqual({ state: 'blocked', reason: errno });
    },
  );

  it('loads no more of undici than its client (design 11)', () => {
    const source = readFileSync(PROBE.replace('probe.js', 'request.js'), 'utf8');
    expect(source.match(/undici[^'"`\s]*/g)).toContain('undici/lib/dispatcher/client.js');
    expect(source).not.toMatch(/from ['"]undici/);
  });
});
