import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createProgramHome, programCommand, readState, startDaemon } from '../support/program.ts';
import { run, start } from '../support/run.ts';
import { waitFor } from '../support/wait-for.ts';

/** A command line under bash, which redirects. */
const inBash = (script: string, args: readonly string[]): [string, ...string[]] => [
  'bash',
  '-c',
  script,
  'bash',
  ...programCommand(args),
];

describe('a full disk under the output', () => {
  it('is told, and fails the command', async () => {
    const home = await createProgramHome();
    const outcome = await run(inBash('"$@" >/dev/full', ['help']), { env: home.env, cwd: home.dir });
    expect(outcome.status).toBe(1);
    expect(outcome.stderr).toContain('no space left to write the output (DISK_FULL)');
  });

  it('does not end a daemon that serves', async () => {
    const home = await createProgramHome();
    const daemon = start(inBash('exec "$@" >/dev/full 2>&1', ['serve']), { env: home.env, cwd: home.dir });
    await waitFor('the complaint in the log', () => {
      try {
        return readFileSync(home.paths.daemonLog, 'utf8').includes('daemon.welcome-failed');
      } catch {
        return false;
      }
    });
    expect(readState(home)).toBeDefined();
    daemon.kill('SIGTERM');
    expect(await daemon.ended).toMatchObject({ status: 0 });
  });
});

describe('a warning about a file of a project', () => {
  it('R56: cannot move the cursor or pass for a line of ours', async () => {
    const home = await createProgramHome({ CLAUDE_SECURE_CLAUDE: '/bin/true' });
    const settings = join(home.dir, '.claude', 'settings.json');
    mkdirSync(dirname(settings));
    writeFileSync(
      settings,
      JSON.stringify({ env: { NODE_EXTRA_CA_CERTS: '/x\u001b[2J\nclaude-secure: all is well' } }),
    );
    const { status, stderr } = await run(programCommand(['-p', 'hi']), { env: home.env, cwd: home.dir });
    expect(status).toBe(0);
    expect(stderr).toMatch(/^claude-secure: NODE_EXTRA_CA_CERTS of .*settings\.json: \/x\ufffd\[2J$/m);
    expect(stderr).toMatch(/^ {2}\| claude-secure: all is well cannot be read/m);
  });
});

describe('a current directory that was removed', () => {
  it.each([
    [['version'], 0, ''],
    [['status'], 3, 'DAEMON_NOT_RUNNING'],
    [['-p', 'hi'], 125, 'the current directory was removed'],
  ] as const)('`%j` ends with %i', async (args, status, said) => {
    const home = await createProgramHome({ CLAUDE_SECURE_CLAUDE: '/bin/true' });
    const gone = join(home.dir, 'gone');
    mkdirSync(gone);
    const running = run(inBash('rmdir "$PWD"; "$@"', args), { env: home.env, cwd: gone });
    const outcome = await running;
    expect(() => rmdirSync(gone)).toThrow('ENOENT');
    expect(outcome.status).toBe(status);
    expect(outcome.stderr).toContain(said);
  });
});

describe.each(['uws', 'https'])('an exception that nobody caught, on %s', (engine) => {
  it.each(['throw new Error("a bug")', 'Promise.reject(new Error("a bug"))'])(
    'ends the daemon in order and with exit 1: %s',
    async (bug) => {
      const home = await createProgramHome({ CLAUDE_SECURE_ENGINE: engine });
      const script = encodeURIComponent(`process.on('SIGUSR2', () => { ${bug} })`);
      const { running } = await startDaemon(home, {
        NODE_OPTIONS: `--import=data:text/javascript,${script}`,
      });
      await waitFor('the daemon', () => running.output.stdout.includes('listening'));
      running.kill('SIGUSR2');
      expect(await running.ended).toMatchObject({ status: 1, signal: null });
      expect(readState(home)).toBeUndefined();
      const log = readFileSync(home.paths.daemonLog, 'utf8');
      expect(log).toContain('Error: a bug');
      expect(log).toContain('"event":"daemon.stopped","reason":"an uncaught exception"');
    },
  );
});
