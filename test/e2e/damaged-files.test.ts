import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Home } from '../support/home.ts';
import { mintToken, refresh, signIn, useToken } from '../support/oauth-client.ts';
import { createProgramHome, readState, runProgram, startDaemon } from '../support/program.ts';
import { waitFor } from '../support/wait-for.ts';

const ENGINES = ['uws', 'https'];
const SECRET = { mode: 0o600 };

const createEchoHome = (extra: NodeJS.ProcessEnv = {}): Promise<Home> =>
  createProgramHome({ CLAUDE_SECURE_CLAUDE: '/bin/echo', ...extra });

const inStore = ({ paths }: Home, pattern: RegExp): string => {
  const name = readdirSync(paths.store).find((file) => pattern.test(file));
  if (!name) throw new Error(`no ${pattern} in ${paths.store}`);
  return join(paths.store, name);
};

const asideOf = ({ paths }: Home): string[] =>
  readdirSync(paths.root).filter((name) => name.startsWith('store.corrupt-'));

function flipBits(file: string): void {
  const bytes = readFileSync(file);
  for (let index = 10; index < bytes.length; index += 7) bytes[index] = (bytes[index] ?? 0) ^ 0x10;
  writeFileSync(file, bytes);
}

const DAMAGES: readonly (readonly [string, (home: Home) => void])[] = [
  ['an empty CURRENT', (home) => writeFileSync(inStore(home, /^CURRENT$/), '')],
  [
    'a CURRENT that names a file that is not there',
    (home) => writeFileSync(inStore(home, /^CURRENT$/), 'MANIFEST-000999\n'),
  ],
  ['a garbled manifest', (home) => writeFileSync(inStore(home, /^MANIFEST/), 'garbage'.repeat(50))],
  ['flipped bits in the log', (home) => flipBits(inStore(home, /\.log$/))],
  [
    'a truncated log',
    (home) => writeFileSync(inStore(home, /\.log$/), readFileSync(inStore(home, /\.log$/)).subarray(0, 40)),
  ],
];

describe('L10: a damaged store, on the built program', () => {
  it.each(DAMAGES)(
    '%s: set aside and told once; what was granted is refused, what is new works',
    async (_, damage) => {
      const home = await createEchoHome();
      expect((await runProgram(home, ['-p', 'hi'])).status).toBe(0);
      const before = await signIn(home);
      const minted = await mintToken(home);
      expect(await useToken(home, before.accessToken)).toBe(200);
      expect((await runProgram(home, ['stop'])).status).toBe(0);
      damage(home);

      const launch = await runProgram(home, ['-p', 'hi']);
      expect(launch).toMatchObject({ status: 0, stdout: expect.stringContaining('--mcp-config') });
      const [aside = '', ...others] = asideOf(home);
      expect(others).toEqual([]);
      expect(launch.stderr.trimEnd().split('\n')).toEqual([expect.stringContaining(aside)]);
      expect(launch.stderr).toContain('login');
      expect((await runProgram(home, ['-p', 'hi'])).stderr).toBe('');

      expect(await useToken(home, before.accessToken)).toBe(401);
      expect(await useToken(home, minted)).toBe(401);
      expect((await refresh(home, before)).status).toBe(401);
      expect(await useToken(home, await mintToken(home))).toBe(200);
      expect(await useToken(home, (await signIn(home)).accessToken)).toBe(200);
    },
  );
});

describe.each(ENGINES)('R46: damaged signing keys, on %s', (engine) => {
  it.each(['', '{"keys":[]}', '\0\0'])('%j: told at once, and left as it is', async (text) => {
    const home = await createEchoHome({ CLAUDE_SECURE_ENGINE: engine });
    const { running } = await startDaemon(home);
    const token = await mintToken(home);
    running.kill('SIGTERM');
    await running.ended;
    const whole = readFileSync(home.paths.signingKeys);
    writeFileSync(home.paths.signingKeys, text, SECRET);

    const serve = await runProgram(home, ['serve']);
    expect(serve).toMatchObject({ status: 1, stdout: '' });
    expect(serve.stderr).toContain(`${home.paths.signingKeys} `);
    expect(serve.stderr).toContain('(SIGNING_KEY_UNUSABLE)');
    const launch = await runProgram(home, ['-p', 'hi']);
    expect(launch).toMatchObject({ status: 0, stdout: expect.not.stringContaining('--mcp-config') });
    expect(launch.stderr).toContain(home.paths.signingKeys);
    expect(readFileSync(home.paths.signingKeys, 'utf8')).toBe(text);
    expect((await runProgram(home, ['status'])).status).toBe(3);

    writeFileSync(home.paths.signingKeys, whole, SECRET);
    expect((await runProgram(home, ['restart'])).status).toBe(0);
    expect(await useToken(home, token), 'nothing was lost').toBe(200);
  });
});

describe('a damaged owner secret', () => {
  it('is told with its cure, which works', async () => {
    const home = await createEchoHome();
    await startDaemon(home).then(({ running }) => {
      running.kill('SIGTERM');
      return running.ended;
    });
    writeFileSync(home.paths.ownerSecret, 'short', SECRET);
    const launch = await runProgram(home, ['-p', 'hi']);
    expect(launch).toMatchObject({ status: 0, stdout: expect.not.stringContaining('--mcp-config') });
    expect(launch.stderr).toContain(`remove ${home.paths.ownerSecret}`);
    rmSync(home.paths.ownerSecret);
    expect((await runProgram(home, ['-p', 'hi'])).stdout).toContain('--mcp-config');
  });

  it.each(ENGINES)(
    'under a running daemon on %s ends that one, so that the owner is never locked out',
    async (engine) => {
      const home = await createEchoHome({ CLAUDE_SECURE_ENGINE: engine });
      const { running } = await startDaemon(home);
      writeFileSync(home.paths.ownerSecret, `${'A'.repeat(43)}`, SECRET);
      expect(await running.ended).toMatchObject({ status: 0 });
      expect((await runProgram(home, ['-p', 'hi'])).stdout).toContain('--mcp-config');
      expect((await runProgram(home, ['status'])).status).toBe(0);
    },
  );
});

describe('a damaged bundle of roots', () => {
  it.each(['', 'garbage', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'])(
    '%j is told with its cure, which works under the running daemon',
    async (text) => {
      const home = await createEchoHome();
      await startDaemon(home);
      writeFileSync(home.paths.caBundle, text);
      for (const command of [['status'], ['stop'], ['clients'], ['approve']]) {
        const { status, stderr } = await runProgram(home, command);
        expect(status).toBe(1);
        expect(stderr).toContain(`${home.paths.caBundle} is damaged (CERTIFICATE_UNUSABLE)`);
        expect(stderr).toContain('claude-secure cert renew');
      }
      const { status, stdout } = await runProgram(home, ['status', '--json']);
      expect(status).toBe(1);
      expect(JSON.parse(stdout)).toMatchObject({ state: 'unhealthy', code: 'CERTIFICATE_UNUSABLE' });
      expect((await runProgram(home, ['cert', 'renew'])).status).toBe(0);
      expect((await runProgram(home, ['status'])).status).toBe(0);
    },
  );
});

describe('a damaged port file', () => {
  it.each(['', '99999', '8443; rm -rf /'])('%j is written anew', async (text) => {
    const home = await createEchoHome();
    const port = home.env.CLAUDE_SECURE_PORT;
    expect((await runProgram(home, ['-p', 'hi'])).status).toBe(0);
    writeFileSync(home.paths.port, text, SECRET);
    const again = await runProgram(home, ['-p', 'hi']);
    expect(again).toMatchObject({ status: 0, stderr: '', stdout: expect.stringContaining('--mcp-config') });
    expect((await runProgram(home, ['restart'])).status).toBe(0);
    expect(readFileSync(home.paths.port, 'utf8').trim()).toBe(port);
    await waitFor('the state', () => readState(home)?.port === Number(port));
  });
});

/** What may stand where one of our files should: made at the path, which is free. */
const PLANTED: Record<string, (path: string, victim: string) => void> = {
  'a directory': (path) => mkdirSync(path, { mode: 0o700 }),
  'a link': (path, victim) => symlinkSync(victim, path),
  'a file open to all': (path) => {
    writeFileSync(path, '{}');
    chmodSync(path, 0o666);
  },
  'a pipe': (path) => void execFileSync('mkfifo', ['-m', '600', path]),
  'a huge file': (path) => {
    writeFileSync(path, '', SECRET);
    truncateSync(path, 104_857_600);
  },
};

const OURS = [
  'state.json',
  'port',
  'crash.json',
  'start.lock',
  'owner.secret',
  'signing-keys.json',
  'store',
  'launch',
  'logs/daemon.log',
  'logs/boot.log',
];

describe('R3, L10: something else in the place of a file of ours', () => {
  it.each(Object.entries(PLANTED))(
    '%s: used by nobody, named if it is in the way, never a crash',
    async (kind, plant) => {
      const home = await createEchoHome();
      await runProgram(home, ['-p', 'hi']);
      await runProgram(home, ['stop']);
      const victim = join(home.dir, 'victim');
      writeFileSync(victim, 'precious', SECRET);
      const whole = join(home.dir, 'whole');
      renameSync(home.paths.root, whole);
      for (const name of OURS) {
        cpSync(whole, home.paths.root, { recursive: true });
        const path = join(home.paths.root, name);
        const isDirectory = lstatSync(path, { throwIfNoEntry: false })?.isDirectory();
        rmSync(path, { recursive: true, force: true });
        plant(path, victim);
        const launch = await runProgram(home, ['-p', 'hi']);
        expect(launch, name).toMatchObject({ status: 0, stdout: expect.stringContaining('-p hi') });
        // A record of failed starts is dropped, a long log rotated; an empty directory of ours is as good as before.
        const isLongLog = kind === 'a huge file' && name.startsWith('logs/');
        const isHarmless =
          name === 'crash.json' || isLongLog || (isDirectory && lstatSync(path).isDirectory());
        expect(launch.stdout.includes('--mcp-config'), `${name}: ${launch.stderr}`).toBe(isHarmless === true);
        expect(launch.stderr.includes(path), `${name}: ${launch.stderr}`).toBe(isHarmless !== true);
        expect((await runProgram(home, ['stop'])).status, `stop, ${name}`).toBeLessThan(4);
        expect(readFileSync(victim, 'utf8')).toBe('precious');
        rmSync(home.paths.root, { recursive: true });
      }
    },
  );
});
