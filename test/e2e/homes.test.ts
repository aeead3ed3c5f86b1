import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Home } from '../support/home.ts';
import { createProgramHome, freePort, programCommand, runProgram } from '../support/program.ts';
import { type Outcome, run } from '../support/run.ts';

const NOBODY = 65_534;
const DROP = ['setpriv', `--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups', '--'] as const;

const createEchoHome = (extra: NodeJS.ProcessEnv = {}): Promise<Home> =>
  createProgramHome({ CLAUDE_SECURE_CLAUDE: '/bin/echo', ...extra });

const lines = ({ stderr }: Outcome): string[] => stderr.trimEnd().split('\n');

describe('where the home may be', () => {
  it.each(['a relative one', "spaces, 'quotes', $(id), ünïcode 家"])('%s', async (name) => {
    const home = await createEchoHome({ CLAUDE_SECURE_HOME: name });
    const launch = await runProgram(home, ['-p', 'hi']);
    expect(launch).toMatchObject({ status: 0, stdout: expect.stringContaining('--mcp-config') });
    const root = join(home.dir, name);
    const config = /--mcp-config=(.*\.json) -p/.exec(launch.stdout)?.[1] ?? '';
    expect(config.startsWith(root)).toBe(true);

    // As Claude runs it: by a shell, in whatever directory the session is.
    const { headersHelper } = JSON.parse(readFileSync(config, 'utf8')).mcpServers.code;
    const helped = await run(['sh', '-c', headersHelper], { env: home.env, cwd: '/' });
    expect(helped).toMatchObject({ status: 0, stderr: '' });
    expect(JSON.parse(helped.stdout).Authorization).toMatch(/^Bearer /);
    expect((await runProgram(home, ['status'])).status).toBe(0);
    expect((await runProgram(home, ['stop'])).status).toBe(0);
    expect(readdirSync(home.dir).sort()).toEqual([name, 'tmp'].sort());
  });

  it.each(['', 'relative', '.'])(
    'R59: HOME %j: nothing of the project is run, and no key is put there',
    async (HOME) => {
      const project = mkdtempSync(join(tmpdir(), 'claude-secure-project-'));
      onTestFinished(() => rmSync(project, { recursive: true, force: true }));
      chmodSync(project, 0o777);
      for (const root of [project, join(project, 'relative')]) {
        for (const place of [
          '.local/bin',
          '.claude/local',
          '.local/share/pnpm',
          '.local/share/claude/versions',
        ]) {
          mkdirSync(join(root, place), { recursive: true });
          const file = join(root, place, place.endsWith('versions') ? '9.9.9' : 'claude');
          writeFileSync(file, '#!/bin/sh\necho evil\n', { mode: 0o755 });
        }
        chmodSync(root, 0o777);
      }
      const before = readdirSync(project, { recursive: true });
      const env = { HOME, PATH: '/usr/bin:/bin', CLAUDE_SECURE_PORT: String(await freePort()) };
      const inProject = (...args: string[]): Promise<Outcome> =>
        run([...DROP, ...programCommand(args)], { env, cwd: project });
      expect(await inProject('--version')).toMatchObject({
        status: 0,
        stdout: expect.not.stringContaining('evil'),
      });
      const headers = await inProject('headers', 'code');
      expect(headers.status).toBe(1);
      expect(headers.stderr, 'the home of nobody').toContain('/nonexistent');
      expect(readdirSync(project, { recursive: true })).toEqual(before);
    },
  );
});

describe('a home that cannot be written', () => {
  it('HOME unset for an account without one: one line with the cure; Claude starts', async () => {
    const env = {
      PATH: process.env.PATH,
      CLAUDE_SECURE_PORT: String(await freePort()),
      CLAUDE_SECURE_CLAUDE: '/bin/echo',
    };
    const asNobody = (...args: string[]): Promise<Outcome> =>
      run([...DROP, ...programCommand(args)], { env, cwd: '/' });
    const launch = await asNobody('-p', 'hi');
    expect(launch).toMatchObject({ status: 0, stdout: '-p hi\n' });
    expect(lines(launch)).toEqual([
      expect.stringContaining('/nonexistent'),
      expect.stringContaining('CLAUDE_SECURE_HOME'),
    ]);
    expect((await asNobody('serve')).status).toBe(1);
    expect((await asNobody('status')).status).toBe(3);
  });
});
