import { chmodSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { UpstreamDefinition } from '../../../src/upstreams.ts';
import { CHILD, createStdioHome, type StartOptions, start } from './start.ts';

const reasonOf = (options: StartOptions): Promise<string> =>
  start(['echo'], options).then(
    () => 'it started',
    (error: Error) => error.message,
  );

function environmentOf(pid: number): Record<string, string> {
  const entries = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').filter(Boolean);
  return Object.fromEntries(entries.map((entry) => entry.split(/=(.*)/s).slice(0, 2)));
}

/** What an agent's shell, a CI job or an attacker's project may have set. */
const CANARIES = {
  ANTHROPIC_API_KEY: 'canary',
  ANTHROPIC_AUTH_TOKEN: 'canary',
  CLAUDECODE: 'canary',
  CLAUDE_CODE_OAUTH_TOKEN: 'canary',
  CLAUDE_SECURE_HOME: 'canary',
  CLAUDE_SECURE_CANARY: 'canary',
  NODE_OPTIONS: '--title=canary',
  NODE_EXTRA_CA_CERTS: '/canary',
  LD_PRELOAD: '/canary',
  LD_LIBRARY_PATH: '/canary',
  DYLD_INSERT_LIBRARIES: '/canary',
  PYTHONPATH: '/canary',
  GITHUB_TOKEN: 'canary',
  AWS_SECRET_ACCESS_KEY: 'canary',
  SSH_AUTH_SOCK: '/canary',
  HTTPS_PROXY: 'http://canary',
  npm_config_registry: 'http://canary',
  XDG_SESSION_COOKIE: 'canary',
  LC: 'canary',
};

describe('the environment of a server', () => {
  it('R53: holds what every program needs, and none of our own or of other programs', async () => {
    const kept = { LANG: 'C.UTF-8', LC_ALL: 'C', TZ: 'UTC', USER: 'me', XDG_DATA_HOME: '/data' };
    const { pid, home } = await start(['echo'], { env: { ...CANARIES, ...kept } });
    expect(environmentOf(pid)).toEqual({ ...home.env, ...kept });
  });

  it('R53: the env file comes before the own variables, and both before what is inherited', async () => {
    const home = createStdioHome();
    const envFile = join(home.dir, 'server.env');
    writeFileSync(envFile, '# a comment\nA="from file"\nB=from file\nLANG=file\n', { mode: 0o600 });
    const { pid } = await start(['echo'], {
      home,
      env: { LANG: 'C', SECRET: 'from outside' },
      definition: { envFile, env: { B: 'own', C: '${SECRET}!', NODE_OPTIONS: '--no-warnings' } },
    });
    expect(environmentOf(pid)).toMatchObject({
      A: 'from file',
      B: 'own',
      C: 'from outside!',
      LANG: 'file',
      NODE_OPTIONS: '--no-warnings',
    });
    expect(environmentOf(pid)).not.toHaveProperty('SECRET');
  });

  it('an env file that others could read, or that is missing, is not used', async () => {
    const home = createStdioHome();
    const envFile = join(home.dir, 'server.env');
    expect(await reasonOf({ home, definition: { envFile } })).toBe(`the env file ${envFile} does not exist`);
    writeFileSync(envFile, 'A=1');
    chmodSync(envFile, 0o644);
    expect(await reasonOf({ home, definition: { envFile } })).toMatch(
      /has mode 0644, open to other accounts$/,
    );
  });

  it('R59: relative entries of the PATH are not handed on', async () => {
    const { pid, home } = await start(['echo'], {
      env: { PATH: ['.', '', 'node_modules/.bin', process.env.PATH].join(delimiter) },
    });
    expect(environmentOf(pid).PATH).toBe(home.env.PATH);
  });
});

describe('the arguments of a server', () => {
  it('R53: arrive literally, whatever a shell would make of them', async () => {
    const args = [
      '$(id)',
      '`id`',
      ';id',
      '|id',
      '--upload-pack=id',
      '$HOME',
      '*',
      'a b',
      '',
      '"',
      "'",
      'ü\n日本',
    ];
    const { result } = await start(['report', ...args]);
    expect(await result(1)).toMatchObject({ args });
  });

  it('have their variables replaced, and nothing that only looks like one', async () => {
    const args = [
      '${A}-${A}',
      '${B:-b}',
      '${EMPTY:-b}',
      '${E:-}',
      '${B:-$(id)}',
      '$A',
      '${',
      '${}',
      '${A-b}',
      '$${A}',
    ];
    const { result } = await start(['report', ...args], { env: { A: '${B}$&', EMPTY: '' } });
    expect(await result(1)).toMatchObject({
      args: ['${B}$&-${B}$&', 'b', '', '', '$(id)', '$A', '${', '${}', '${A-b}', '$${B}$&'],
    });
  });

  it.each([
    ['args', { args: ['${NO_SUCH}'] }],
    ['env', { env: { A: '${NO_SUCH}' } }],
    ['command', { command: '${NO_SUCH}' }],
    ['cwd', { cwd: '/${NO_SUCH}' }],
  ])('a variable in %s that is not set is named', async (_, definition) => {
    expect(await reasonOf({ definition })).toBe('the variable NO_SUCH is not set and has no default');
  });

  it('what every object has is no variable', async () => {
    expect(await reasonOf({ definition: { args: ['${constructor}'] } })).toMatch(
      /^the variable constructor is not/,
    );
  });
});

describe('the command of a server', () => {
  it.each([
    ['npx-that-is-not-there', 'the command npx-that-is-not-there was not found on the PATH'],
    ['/no/such/program', 'the command /no/such/program is not there or not executable'],
    ['/etc/passwd', 'the command /etc/passwd is not there or not executable'],
    ['/tmp', 'the command /tmp is not there or not executable'],
    ['./server', 'the command ./server is neither an absolute path nor a name on the PATH'],
    ['bin/server', 'the command bin/server is neither an absolute path nor a name on the PATH'],
    ['', 'the command  is neither an absolute path nor a name on the PATH'],
    ['node; id', 'the command node; id was not found on the PATH'],
  ])('%s is refused in one line', async (command, reason) => {
    expect(await reasonOf({ definition: { command } })).toBe(reason);
  });

  it('is found on the PATH', async () => {
    const { result } = await start(['report'], { definition: { command: 'node' } });
    expect(await result(1)).toHaveProperty('pid');
  });

  it('R59: is never found in the directory it starts in, or ours', async () => {
    const home = createStdioHome();
    const workspace = join(home.dir, 'project');
    mkdirSync(join(workspace, 'node_modules', '.bin'), { recursive: true });
    for (const directory of ['', 'node_modules/.bin']) {
      symlinkSync(process.execPath, join(workspace, directory, 'trap'));
    }
    const before = process.cwd();
    process.chdir(workspace);
    try {
      const reason = await reasonOf({
        home,
        workspace,
        env: { PATH: ['.', '', './', 'node_modules/.bin', '/usr/bin'].join(delimiter) },
        definition: { command: 'trap', sharing: 'per-workspace' },
      });
      expect(reason).toBe('the command trap was not found on the PATH');
    } finally {
      process.chdir(before);
    }
  });

  it('that the system refuses is refused in one line, without a value of the environment', async () => {
    const home = createStdioHome();
    const command = join(home.dir, 'server');
    writeFileSync(command, '#!/no/such/interpreter');
    chmodSync(command, 0o700);
    expect(await reasonOf({ definition: { command } })).toBe(
      `the command ${command} cannot be started (ENOENT)`,
    );
    expect(await reasonOf({ definition: { env: { A: 'secret\0' } } })).toBe(
      `the command ${process.execPath} cannot be started (ERR_INVALID_ARG_VALUE)`,
    );
  });
});

describe('the directory of a server', () => {
  it('is its own, else the project of a per-workspace one, else home', async () => {
    const home = createStdioHome();
    const workspace = join(home.dir, 'project');
    const own = join(home.dir, 'own');
    for (const directory of [workspace, own]) mkdirSync(directory);
    const cwdOf = async (definition: Partial<UpstreamDefinition>): Promise<unknown> => {
      const { result } = await start(['report'], { home, workspace, definition });
      return result(1);
    };
    const args = [CHILD, 'report'];
    expect(await cwdOf({ args, cwd: '${HOME}/own', sharing: 'per-workspace' })).toMatchObject({ cwd: own });
    expect(await cwdOf({ args, sharing: 'per-workspace' })).toMatchObject({ cwd: workspace });
    expect(await cwdOf({ args, sharing: 'shared' })).toMatchObject({ cwd: home.dir });
  });

  it.each([
    ['/no/such/directory', 'the directory /no/such/directory does not exist'],
    ['/etc/passwd', 'the directory /etc/passwd does not exist'],
    ['${EMPTY:-}here', 'the directory here is not an absolute path'],
  ])('%s is refused in one line', async (cwd, reason) => {
    expect(await reasonOf({ definition: { cwd } })).toBe(reason);
  });
});
