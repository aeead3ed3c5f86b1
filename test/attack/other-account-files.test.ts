import { chmodSync, chownSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Home } from '../support/home.ts';
import { signIn } from '../support/oauth-client.ts';
import { createHomeOfNobody, NOBODY, openToAll, runAsNobody } from '../support/other-account.ts';
import { findProcesses, isAlive } from '../support/processes.ts';
import { createProgramHome, programCommand, runProgram } from '../support/program.ts';
import { run, start } from '../support/run.ts';
import { waitFor } from '../support/wait-for.ts';

const createOpenHome = async (extra: NodeJS.ProcessEnv = {}): Promise<Home> => {
  const home = await createProgramHome({ CLAUDE_SECURE_CLAUDE: '/bin/echo', ...extra });
  openToAll(home);
  return home;
};

/** Which of these files, and of the directories that end with a slash, the other account's shell can read. */
async function readableByNobody(paths: readonly string[]): Promise<string[]> {
  const script = `for path; do
    case "$path" in */) ls "$path";; *) head -c 1 "$path";; esac >/dev/null 2>&1 && echo "$path"
  done; true`;
  const { stdout } = await runAsNobody(['sh', '-c', script, 'sh', ...paths]);
  return stdout.split('\n').filter(Boolean);
}

describe('another account on this machine', () => {
  it.each(['000', '022', '077'])(
    'R3: reads and enters nothing that is ours, made under umask %s',
    async (umask) => {
      const home = await createOpenHome({ CLAUDE_SECURE_LOG: 'debug' });
      const command = programCommand(['-p', 'hi']);
      const script = `umask ${umask}; exec "$@"`;
      const launch = await run(['bash', '-c', script, 'bash', ...command], { env: home.env, cwd: home.dir });
      expect(launch.stdout).toContain('--mcp-config');
      await signIn(home);
      const files = readdirSync(home.paths.root, { recursive: true }).map((name) =>
        join(home.paths.root, String(name)),
      );
      expect(files).toEqual(expect.arrayContaining([home.paths.authority, home.paths.ownerSecret]));
      for (const file of files) {
        const isPublic = /\/(?:server|ca-bundle|bundle-\w+)\.pem$/.test(file);
        const expected = isPublic ? 0o644 : statSync(file).isDirectory() ? 0o700 : 0o600;
        expect([file, statSync(file).mode & 0o777]).toEqual([file, expected]);
      }
      expect(await readableByNobody([`${home.paths.root}/`, ...files])).toEqual([]);
      const listed = await runAsNobody(['ls', home.paths.root]);
      expect(listed).toMatchObject({ status: 2, stdout: '', stderr: expect.stringContaining('denied') });
    },
  );

  it('R3, R57: reads no memory, environment or open file of the daemon and the launcher, and traces neither', async () => {
    const home = await createOpenHome();
    const claude = join(home.dir, 'claude');
    writeFileSync(claude, '#!/bin/sh\nexec sleep 600\n', { mode: 0o755 });
    const launcher = start(programCommand(['-p', 'hi']), {
      env: { ...home.env, CLAUDE_SECURE_CLAUDE: claude },
      cwd: home.dir,
    });
    onTestFinished(() => launcher.kill('SIGKILL'));
    await waitFor('Claude to run', () => findProcesses(home, 'sleep').length > 0, 30_000);
    const pids = [launcher.pid, ...findProcesses(home, 'claude-secure.js')];
    expect(new Set(pids).size).toBeGreaterThanOrEqual(2);
    const files = ['environ', 'mem', 'maps', 'auxv', 'stack', 'syscall', 'exe'];
    const directories = ['fd/', 'fdinfo/', 'cwd/', 'root/', 'map_files/'];
    const paths = pids.flatMap((pid) => [
      ...[...files, ...directories].map((name) => `/proc/${pid}/${name}`),
      ...readdirSync(`/proc/${pid}/fd`).map((descriptor) => `/proc/${pid}/fd/${descriptor}`),
    ]);
    expect(await readableByNobody(paths)).toEqual([]);
    for (const pid of pids) {
      const traced = await runAsNobody(['strace', '-qq', '-p', String(pid)]);
      expect(traced).toMatchObject({ status: 1, stderr: expect.stringContaining('not permitted') });
      expect((await runAsNobody(['kill', '-TERM', String(pid)])).status).toBe(1);
      expect(isAlive(pid)).toBe(true);
    }
  });

  it('R3: plants nothing for us by way of the directory for temporary files', async () => {
    const shared = createHomeOfNobody();
    chmodSync(shared, 0o1777);
    const home = await createOpenHome({ TMPDIR: shared, TMP: shared, TEMP: shared });
    expect((await runProgram(home, ['-p', 'hi'])).stdout).toContain('--mcp-config');
    await signIn(home);
    expect((await runProgram(home, ['stop'])).status).toBe(0);
    expect(readdirSync(shared)).toEqual([]);
  });

  it('R3: has no say by a directory of its own in XDG_CONFIG_HOME or CLAUDE_SECURE_HOME', async () => {
    const theirs = createHomeOfNobody();
    const planted = join(theirs, 'claude-secure');
    const victim = join(theirs, 'victim');
    const script = 'mkdir -m 777 "$1"; echo "{}" >"$1/state.json"; touch "$2"';
    await runAsNobody(['sh', '-c', script, 'sh', planted, victim]);
    for (const env of [{ XDG_CONFIG_HOME: theirs }, { CLAUDE_SECURE_HOME: planted }]) {
      const home = await createOpenHome(env);
      const launch = await runProgram(home, ['-p', 'hi']);
      expect(launch).toMatchObject({ status: 0, stdout: expect.not.stringContaining('--mcp-config') });
      expect(launch.stderr).toContain(`${planted} belongs to uid 65534 (FILE_UNSAFE)`);
      expect(await runProgram(home, ['serve'])).toMatchObject({ status: 1, stdout: '' });
      expect(readdirSync(planted)).toEqual(['state.json']);
    }
  });

  it('R3: swaps nothing in a home that it may write to: such a home is named, and Claude starts without us', async () => {
    const cases = [
      { mode: 0o777, gid: 0 },
      { mode: 0o775, gid: NOBODY },
    ];
    for (const { mode, gid } of cases) {
      const home = await createOpenHome();
      chownSync(home.dir, 0, gid);
      chmodSync(home.dir, mode);
      const launch = await runProgram(home, ['-p', 'hi']);
      expect(launch).toMatchObject({ status: 0, stdout: expect.not.stringContaining('--mcp-config') });
      expect(launch.stderr).toContain(`${home.dir} has mode 0${mode.toString(8)}, open to other accounts`);
      expect(launch.stderr).toContain(`chmod go-w ${home.dir}`);
      expect((await runProgram(home, ['serve'])).status).toBe(1);
      expect(statSync(home.dir).mode & 0o777).toBe(mode);

      chmodSync(home.dir, mode | 0o1000);
      expect((await runProgram(home, ['-p', 'hi'])).stdout).toContain('--mcp-config');
    }
  });

  it('R3: gains nothing by what it planted in such a home before', async () => {
    const theirs = createHomeOfNobody();
    const plants = [
      { script: 'mkdir "$1" && ln -s "$2" "$1/claude-secure"', says: 'claude-secure is a symbolic link' },
      { script: 'mkdir -m 1777 "$1"', says: '.config has mode 0777, open to other accounts' },
    ];
    for (const { script, says } of plants) {
      const home = await createOpenHome();
      chmodSync(home.dir, 0o1777);
      const planted = await runAsNobody(['sh', '-c', script, 'sh', join(home.dir, '.config'), theirs]);
      expect(planted.status).toBe(0);
      const launch = await runProgram(home, ['-p', 'hi']);
      expect(launch).toMatchObject({ status: 0, stdout: expect.not.stringContaining('--mcp-config') });
      expect(launch.stderr).toContain(`${says} (FILE_UNSAFE)`);
    }
    expect(readdirSync(theirs)).toEqual([]);
  });
});
