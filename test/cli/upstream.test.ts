import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { UpstreamReport } from '../../src/control.ts';
import { readUpstreams } from '../../src/upstreams.ts';
import { createHome, type Home } from '../support/home.ts';
import { runProgram } from '../support/program.ts';
import { startScriptedDaemon } from './scripted-daemon.ts';

const CANARY = 'canary-5d41';
const NODE = basename(process.execPath);

/** Runs `claude-secure upstream …` where node is on the PATH. */
function upstream(home: Home, args: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const PATH = `${dirname(process.execPath)}:/usr/bin:/bin`;
  return runProgram(home, ['upstream', ...args], { env: { PATH, ...env } });
}

const definitionsOf = ({ paths }: Home) => readUpstreams(paths.upstreams);

function writeFile({ paths }: Home, text: string): void {
  mkdirSync(paths.root, { recursive: true, mode: 0o700 });
  writeFileSync(paths.upstreams, text, { mode: 0o600 });
}

describe('upstream add', () => {
  it('R55, R57: keeps what it was told, in a file that is closed, and says no variable', async () => {
    const home = createHome();
    writeFileSync(join(home.dir, 'memory.env'), '', { mode: 0o600 });
    const options = ['--env', `TOKEN=${CANARY}`, '--env=A=b=c', '--env-file', 'memory.env', '--cwd', 'tmp'];
    const outcome = await upstream(home, [
      'add',
      'memory',
      ...options,
      '--per-session',
      '--',
      NODE,
      'a b',
      '$(id)',
    ]);
    expect(outcome).toMatchObject({ status: 0, stderr: '' });
    expect(outcome.stdout).toBe(
      `added memory (${NODE} 'a b' '$(id)'): its tools are mcp__memory__… in new sessions of Claude\n`,
    );
    expect(statSync(home.paths.upstreams).mode & 0o777).toBe(0o600);
    expect(readFileSync(home.paths.gitignore, 'utf8')).toBe('*\n');
    expect(definitionsOf(home)).toEqual([
      {
        name: 'memory',
        command: NODE,
        args: ['a b', '$(id)'],
        env: { TOKEN: CANARY, A: 'b=c' },
        envFile: join(home.dir, 'memory.env'),
        cwd: join(home.dir, 'tmp'),
        sharing: 'per-session',
        enabled: true,
      },
    ]);
    for (const args of [[], ['list'], ['list', '--json'], ['disable', 'memory'], ['remove', 'memory']]) {
      const { stdout, stderr } = await upstream(home, args);
      expect(stdout + stderr).not.toContain(CANARY);
    }
  });

  it('leaves the others as they are, references too', async () => {
    const home = createHome();
    writeFile(home, '{"mcpServers":{"z":{"command":"${BIN}/z","env":{"A":"${A:-b}"},"enabled":false}}}');
    const [before] = definitionsOf(home);
    await upstream(home, ['add', 'a', '--cwd', '${HOME}/x', '--', '${BIN}/a']);
    expect(definitionsOf(home)).toMatchObject([
      { name: 'a', cwd: '${HOME}/x', command: '${BIN}/a' },
      before!,
    ]);
  });

  it.each([
    [
      ['memory', '--', NODE],
      2,
      'there is an upstream memory already (USAGE)\n  hint: .*upstream remove memory',
    ],
    [['Memory', '--', NODE], 2, 'a name has 1 to 32 of a-z, 0-9 and -'],
    [['sse', '--', NODE], 2, 'the name sse is reserved'],
    [['code', '--', NODE], 2, 'the name code is reserved'],
    [['constructor', '--', NODE], 2, 'the name constructor is reserved'],
    [['new', '--', 'no-such-program'], 1, 'there is no program no-such-program .*NOT_FOUND'],
    [['new', '--', '/no/such/program'], 1, 'there is no program /no/such/program .*NOT_FOUND'],
    [
      ['new', '--', './here'],
      1,
      'there is no program ./here .*NOT_FOUND\\)\n  hint: give its absolute path: /.*/here\n',
    ],
    [['new', '--', 'here'], 1, 'there is no program here .*NOT_FOUND'],
    [['new', '--', 'tmp'], 1, 'there is no program tmp .*NOT_FOUND'],
    [['new', '--cwd', 'nowhere', '--', NODE], 1, 'there is no /.*/nowhere .*NOT_FOUND'],
    [['new', '--env', CANARY, '--', NODE], 2, '--env takes NAME=value'],
    [['new', '--env', `=${CANARY}`, '--', NODE], 2, '--env takes NAME=value'],
    [['new', '--per-session', '--per-workspace', '--', NODE], 2, 'exclude each other'],
    [['new', '--', ''], 2, 'takes other words .*USAGE\\)\n  hint: claude-secure upstream add <name>'],
  ])('%j ends with %i, says why and changes nothing', async (args, status, said) => {
    const home = createHome();
    writeFile(home, '{"mcpServers":{"memory":{"command":"x"}}}');
    writeFileSync(join(home.dir, 'here'), '#!/bin/sh\n', { mode: 0o755 });
    // R59: a relative entry of the PATH is the project's.
    const outcome = await upstream(home, ['add', ...args], { PATH: '.::/usr/bin:/bin' });
    expect([outcome.status, outcome.stdout]).toEqual([status, '']);
    expect(outcome.stderr).toMatch(new RegExp(said.replace('(USAGE)', '\\(USAGE\\)')));
    expect(outcome.stderr).not.toContain(CANARY);
    expect(definitionsOf(home)).toHaveLength(1);
  });

  it('changes nothing for an env file that is missing, which Node itself refuses', async () => {
    const home = createHome();
    const { status, stderr } = await upstream(home, ['add', 'new', '--env-file', 'nothing', '--', NODE]);
    expect([status, stderr]).toEqual([9, expect.stringContaining('nothing: not found')]);
    expect(definitionsOf(home)).toEqual([]);
  });

  it('R57: does not take an env file that others may read, and says how to close it', async () => {
    const home = createHome();
    const file = join(home.dir, 'open.env');
    writeFileSync(file, `TOKEN=${CANARY}\n`, { mode: 0o644 });
    const { status, stderr } = await upstream(home, ['add', 'new', '--env-file', file, '--', NODE]);
    expect([status, stderr]).toEqual([1, expect.stringContaining(`hint: chmod 600 ${file}`)]);
    expect(definitionsOf(home)).toEqual([]);
  });

  it('does not take a file that cannot be run', async () => {
    const home = createHome();
    const file = join(home.dir, 'server');
    writeFileSync(file, '#!/bin/sh\n', { mode: 0o644 });
    expect((await upstream(home, ['add', 'new', '--', file])).status).toBe(1);
    chmodSync(file, 0o755);
    expect((await upstream(home, ['add', 'new', '--', file])).status).toBe(0);
  });

  it('L11: of many at the same instant none is lost, and of two under one name one is told', async () => {
    const home = createHome();
    const names = ['a', 'b', 'c', 'd', 'e', 'e'];
    const outcomes = await Promise.all(names.map((name) => upstream(home, ['add', name, '--', NODE])));
    expect(outcomes.map(({ status }) => status).sort()).toEqual([0, 0, 0, 0, 0, 2]);
    expect(definitionsOf(home).map(({ name }) => name)).toEqual(['a', 'b', 'c', 'd', 'e']);
    expect(readdirSync(home.paths.root).sort()).toEqual(['.gitignore', 'upstreams.json']);
  });
});

describe('upstream remove, enable and disable', () => {
  const TWO = '{"mcpServers":{"a":{"command":"x"},"b":{"command":"y","enabled":false}}}';

  it.each([
    [['remove', 'a'], 'removed a\n', [{ name: 'b' }]],
    [['enable', 'b'], 'b is enabled\n', [{ name: 'a' }, { name: 'b', enabled: true }]],
    [['enable', 'a'], 'a is enabled\n', [{ name: 'a', enabled: true }, { name: 'b' }]],
    [['disable', 'a'], 'a is disabled\n', [{ name: 'a', enabled: false }, { name: 'b' }]],
    [['disable', 'b'], 'b is disabled\n', [{ name: 'a' }, { name: 'b', enabled: false }]],
  ])('%j', async (args, said, expected) => {
    const home = createHome();
    writeFile(home, TWO);
    expect(await upstream(home, args)).toMatchObject({ status: 0, stdout: said, stderr: '' });
    expect(definitionsOf(home)).toMatchObject(expected);
  });

  it.each(['remove', 'enable', 'disable'])('%s of one that is not there is NOT_FOUND', async (verb) => {
    const home = createHome();
    writeFile(home, TWO);
    const { status, stderr } = await upstream(home, [verb, 'constructor']);
    expect([status, stderr]).toEqual([1, expect.stringContaining('no upstream constructor (NOT_FOUND)')]);
    expect(readFileSync(home.paths.upstreams, 'utf8')).toBe(TWO);
  });
});

describe('a file edited into nonsense', () => {
  it.each([
    ['list'],
    ['add', 'new', '--', NODE],
    ['remove', 'a'],
    ['enable', 'a'],
    ['disable', 'a'],
    ['import'],
  ])('is told by place, and left as it is: upstream %s', async (...args) => {
    const home = createHome();
    const text = '{\n  "mcpServers": { "a": { "command": 1 } }\n}';
    writeFile(home, text);
    const { status, stderr } = await upstream(home, args);
    expect([status, stderr]).toEqual([
      1,
      expect.stringContaining('upstreams.json, line 2, column 37: a.command must be text'),
    ]);
    expect(readFileSync(home.paths.upstreams, 'utf8')).toBe(text);
  });
});

const REPORTS: readonly UpstreamReport[] = [
  {
    name: 'memory',
    sharing: 'per-workspace',
    state: 'running',
    processes: [
      { pid: 11, state: 'running', workspace: '/a' },
      { pid: undefined, state: 'starting', workspace: '/b' },
      { pid: 12, state: 'running', workspace: '/c' },
    ],
    restarts: 2,
    calls: 31,
    lastError: 'it ended\u001b[2J\nwith code 1',
  },
  {
    name: 'off',
    sharing: 'shared',
    state: 'disabled',
    processes: [],
    restarts: 0,
    calls: 0,
    lastError: undefined,
  },
];

describe('with a daemon', () => {
  it('R56: list shows what the daemon knows, one line each', async () => {
    const daemon = await startScriptedDaemon({
      upstreams: () => ({ upstreams: REPORTS, problem: undefined }),
    });
    expect(await upstream(daemon, [])).toMatchObject({
      status: 0,
      stderr: '',
      stdout: [
        'name    sharing        state     pid     restarts  calls  last error',
        'memory  per-workspace  running   11, 12  2         31     it ended\ufffd[2J\ufffdwith code 1',
        'off     shared         disabled  -       0         0      -',
        '',
      ].join('\n'),
    });
    const { stdout } = await upstream(daemon, ['list', '--json']);
    expect(JSON.parse(stdout)).toEqual({ upstreams: JSON.parse(JSON.stringify(REPORTS)) });
  });

  it('list shows a problem of the file beside the last good ones', async () => {
    const daemon = await startScriptedDaemon({
      upstreams: () => ({ upstreams: REPORTS, problem: 'line 3' }),
    });
    const { status, stdout, stderr } = await upstream(daemon, ['list']);
    expect([status, stderr]).toEqual([1, 'claude-secure: line 3\n']);
    expect(stdout).toContain('memory');
  });

  it('every change has it read the file at once, and what changes nothing does not', async () => {
    const daemon = await startScriptedDaemon({ upstreams: () => ({ upstreams: [], problem: undefined }) });
    const changes = [
      ['add', 'a', '--', NODE],
      ['disable', 'a'],
      ['enable', 'a'],
      ['remove', 'a'],
    ];
    for (const args of changes) expect((await upstream(daemon, args)).status).toBe(0);
    await upstream(daemon, ['remove', 'a']);
    expect(daemon.asked.map(({ action }) => action)).toEqual(changes.map(() => 'upstreams'));
  });

  it('that cannot read it, the change stands, with a warning', async () => {
    const daemon = await startScriptedDaemon({});
    const { status, stdout, stderr } = await upstream(daemon, ['add', 'a', '--', NODE]);
    expect([status, stdout]).toEqual([0, expect.stringContaining('added a')]);
    expect(stderr).toContain('the daemon has not read upstreams.json anew');
    expect(definitionsOf(daemon)).toHaveLength(1);
  });
});
