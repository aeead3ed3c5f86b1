import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Prepared, prepareLaunch } from '../../src/claude/prepare.ts';
import { routeArguments } from '../../src/claude/route.ts';
import type { Served } from '../../src/claude/server-entry.ts';
import { SETTINGS } from '../../src/config.ts';
import { createAuthority } from '../support/authority.ts';
import { createHome, type Home } from '../support/home.ts';

let roots: string;
let corp: string;
let home: Home;
let project: string;
let warnings: string[];

beforeAll(() => {
  const directory = mkdtempSync(join(tmpdir(), 'claude-secure-authorities-'));
  roots = readFileSync(createAuthority(directory, 'ours').caFile, 'utf8');
  corp = readFileSync(createAuthority(directory, 'corp').caFile, 'utf8');
  rmSync(directory, { recursive: true });
});

beforeEach(() => {
  home = createHome();
  project = join(home.dir, 'project');
  mkdirSync(project);
  warnings = [];
});

function put(file: string, content: unknown): string {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
  return file;
}

interface Launch {
  env?: NodeJS.ProcessEnv;
  daemon?: Partial<Served> | undefined;
}

function prepare(argv: readonly string[], launch: Launch = {}): Prepared {
  const claude = { file: '/bin/true', args: [], kind: 'native' } as const;
  return prepareLaunch({
    plan: { claude, argv, route: routeArguments(argv, () => false), needs: 'daemon' },
    env: { ...home.env, ...launch.env },
    cwd: project,
    paths: home.paths,
    daemon:
      'daemon' in launch && !launch.daemon ? undefined : { port: 8443, upstreams: [], ...launch.daemon },
    roots,
    helperCommand: ['/opt/no de/bin/node', "/opt/it's/claude-secure.js"],
    warn: (line) => warnings.push(line),
  });
}

const flagValue = ({ argv }: Prepared, flag: string): string =>
  (argv.find((argument) => argument.startsWith(`${flag}=`)) ?? '').slice(flag.length + 1);
// biome-ignore lint/suspicious/noExplicitAny: a test reads whatever JSON is there
const jsonOf = (file: string): any => JSON.parse(readFileSync(file, 'utf8'));
const settingsOf = (prepared: Prepared) => jsonOf(flagValue(prepared, '--settings'));
const serverAt = (name: string, url: string) => ({
  type: 'http',
  url,
  headersHelper: expect.stringMatching(new RegExp(` headers ${name}$`)),
});
const bundleCount = ({ variables }: Prepared): number =>
  readFileSync(variables.NODE_EXTRA_CA_CERTS ?? '', 'utf8').split('BEGIN CERTIFICATE').length - 1;

describe('a session', () => {
  it('gets the bundle by environment and by settings, and our server by a file', () => {
    const prepared = prepare(['-p', 'hi']);
    expect(prepared.argv.slice(2)).toEqual(['-p', 'hi']);
    expect(settingsOf(prepared)).toEqual({ env: prepared.variables, hooks: expect.anything() });
    expect(Object.keys(prepared.variables)).toEqual(['NODE_EXTRA_CA_CERTS']);
    const { mcpServers } = jsonOf(flagValue(prepared, '--mcp-config'));
    expect(mcpServers.code).toMatchObject({ type: 'http', url: 'https://127.0.0.1:8443/mcp' });
    expect(warnings).toEqual([]);
  });

  it('R57: its files are 0600, hold no secret, and no flag holds more than a path', () => {
    const { argv } = prepare([]);
    for (const argument of argv) {
      expect(argument).toMatch(/^--[a-z-]+=\/[^{}]+\.json$/);
      expect(statSync(argument.split('=')[1] ?? '').mode & 0o777).toBe(0o600);
    }
    expect(readFileSync(flagValue({ argv, variables: {} }, '--mcp-config'), 'utf8')).not.toMatch(
      /bearer|authorization/i,
    );
  });

  it('R59: names a helper that a shell starts whatever its path, with our variables of this launch alone', () => {
    const launch = prepare([], { env: { CLAUDE_SECURE_PORT: '9000', CLAUDE_SECURE_IDLE: '' } });
    const { headersHelper } = jsonOf(flagValue(launch, '--mcp-config')).mcpServers.code;
    const script = `set -- ${headersHelper}; printf '%s\\0' "$@"`;
    const words = spawnSync('/bin/sh', ['-c', script], { encoding: 'utf8' }).stdout.split('\0').slice(0, -1);
    expect(words.slice(-4)).toEqual(['/opt/no de/bin/node', "/opt/it's/claude-secure.js", 'headers', 'code']);

    // What a project may have set for whatever Claude starts.
    const theirs = Object.fromEntries(SETTINGS.map(({ variable }) => [variable, 'theirs']));
    const env = { ...theirs, NODE_OPTIONS: '--theirs', KEPT: 'yes' };
    const [file = '', ...args] = words.slice(0, -4);
    const { stdout } = spawnSync(file, [...args, '/usr/bin/env'], { encoding: 'utf8', env });
    expect(stdout.trimEnd().split('\n').sort()).toEqual([
      `CLAUDE_SECURE_HOME=${home.paths.root}`,
      'CLAUDE_SECURE_PORT=9000',
      'KEPT=yes',
    ]);
  });

  it('without a daemon keeps the trust and leaves the server out', () => {
    const prepared = prepare(['-p', 'hi'], { daemon: undefined });
    expect(prepared.argv).toEqual([expect.stringMatching(/^--settings=/), '-p', 'hi']);
  });

  it('gets every server behind the daemon at a path and with a helper of its own', () => {
    const prepared = prepare([], { daemon: { upstreams: ['memory', 'git-2'] } });
    const { mcpServers } = jsonOf(flagValue(prepared, '--mcp-config'));
    expect(mcpServers).toEqual({
      code: serverAt('code', 'https://127.0.0.1:8443/mcp'),
      memory: serverAt('memory', 'https://127.0.0.1:8443/mcp/memory'),
      'git-2': serverAt('git-2', 'https://127.0.0.1:8443/mcp/git-2'),
    });
    const [hook] = settingsOf(prepared).hooks.PreToolUse;
    expect(hook.matcher).toBe('mcp__(code|memory|git-2)__.*');
  });

  it('is prepared a second time without writing anything', () => {
    const first = prepare([]);
    const before = readdirSync(home.paths.launch).map((name) => statSync(join(home.paths.launch, name)).ino);
    expect(prepare([])).toEqual(first);
    const after = readdirSync(home.paths.launch).map((name) => statSync(join(home.paths.launch, name)).ino);
    expect(after).toEqual(before);
  });
});

describe('other command lines', () => {
  it('a verb gets the environment alone', () => {
    const prepared = prepare(['plugin', 'list', '--settings', 'x']);
    expect(prepared.argv).toEqual(['plugin', 'list', '--settings', 'x']);
    expect(bundleCount(prepared)).toBe(1);
  });

  it('mcp list gets a plugin with our server, and settings that beat settings.json', () => {
    const prepared = prepare(['mcp', 'list']);
    expect(prepared.argv.slice(2)).toEqual(['mcp', 'list']);
    const plugin = flagValue(prepared, '--plugin-dir');
    expect(jsonOf(join(plugin, '.claude-plugin', 'plugin.json')).name).toBe('claude-secure');
    expect(jsonOf(join(plugin, '.mcp.json')).mcpServers.code.url).toBe('https://127.0.0.1:8443/mcp');
    expect(settingsOf(prepared).env).toEqual(prepared.variables);
  });

  it('the plugin follows the port and the servers', () => {
    prepare(['mcp', 'list']);
    const daemon = { port: 9000, upstreams: ['memory'] };
    const plugin = flagValue(prepare(['mcp', 'list'], { daemon }), '--plugin-dir');
    const { mcpServers } = jsonOf(join(plugin, '.mcp.json'));
    expect(mcpServers.code.url).toBe('https://127.0.0.1:9000/mcp');
    expect(mcpServers.memory.url).toBe('https://127.0.0.1:9000/mcp/memory');
  });
});

describe('the person’s own --settings', () => {
  const theirs = {
    model: 'opus',
    env: { A: '1', NODE_EXTRA_CA_CERTS: '/replaced' },
    hooks: { Stop: ['theirs'], PreToolUse: ['theirs'] },
  };
  const merged = (prepared: Prepared) => ({
    model: 'opus',
    env: { A: '1', NODE_EXTRA_CA_CERTS: prepared.variables.NODE_EXTRA_CA_CERTS },
    hooks: { Stop: ['theirs'], PreToolUse: ['theirs', expect.anything()] },
  });

  it.each<[string, (value: string) => string[], RegExp]>([
    [
      'joined',
      (value) => ['-p', `--settings=${value}`, 'hi'],
      /^--settings=(.*\/settings-[0-9a-f]{16}\.json)$/,
    ],
    ['apart', (value) => ['-p', '--settings', value, 'hi'], /^(.*\/settings-[0-9a-f]{16}\.json)$/],
  ])('is merged in place, %s, from a file and from JSON', (_, argvWith, place) => {
    for (const value of [put(join(project, 'my.json'), theirs), 'my.json', JSON.stringify(theirs)]) {
      const { argv, variables } = prepare(argvWith(value));
      const [ours, ...given] = argv;
      expect(ours).toMatch(/^--mcp-config=/);
      const index = given.length - 2;
      expect(given.with(index, argvWith(value)[index] ?? '')).toEqual(argvWith(value));
      const [, file = ''] = place.exec(given[index] ?? '') ?? [];
      expect(jsonOf(file)).toEqual(merged({ argv, variables }));
    }
    expect(jsonOf(join(project, 'my.json'))).toEqual(theirs);
  });

  it('counts once: the last one wins, as in Claude', () => {
    const { argv } = prepare(['--settings={"model":"a"}', '--settings', '{"model":"b"}']);
    expect(argv[1]).toBe('--settings={"model":"a"}');
    expect(jsonOf(argv[3] ?? '').model).toBe('b');
  });

  it.each<[string, string[]]>([
    ['a missing file', ['--settings', 'missing.json', '-p']],
    ['broken JSON', ['--settings={"env":', '-p']],
    ['a list', ['--settings=list.json', '-p']],
    ['no value at all', ['-p', '--settings']],
  ])('goes to Claude as it is: %s', (_, argv) => {
    put(join(project, 'list.json'), '[]');
    const prepared = prepare(argv);
    expect(
      prepared.argv.filter((argument) => !argument.startsWith(home.dir) && !argument.includes('/launch/')),
    ).toEqual(argv);
  });

  it('says that unreadable settings stay without ours', () => {
    prepare(['--settings', 'missing.json']);
    expect(warnings).toEqual([expect.stringContaining('--settings cannot be read')]);
  });

  it('is not looked for behind --', () => {
    const prepared = prepare(['--', '--settings={"model":"a"}']);
    expect(prepared.argv.slice(2)).toEqual(['--', '--settings={"model":"a"}']);
  });
});

describe('certificates from the settings of Claude', () => {
  const settings = () => ({ env: { NODE_EXTRA_CA_CERTS: put(join(home.dir, 'corp.pem'), corp) } });

  it.each<[string, string, string[], NodeJS.ProcessEnv]>([
    ['user', '.claude/settings.json', [], {}],
    ['user, CLAUDE_CONFIG_DIR', 'elsewhere/settings.json', [], { CLAUDE_CONFIG_DIR: 'elsewhere' }],
    ['project with -p', 'project/.claude/settings.json', ['-p', 'hi'], {}],
    ['local with --print', 'project/.claude/settings.local.json', ['--print', 'hi'], {}],
  ])('%s settings are merged', (_, file, argv, env) => {
    put(join(home.dir, file), settings());
    const absolute = env.CLAUDE_CONFIG_DIR && { CLAUDE_CONFIG_DIR: join(home.dir, env.CLAUDE_CONFIG_DIR) };
    expect(bundleCount(prepare(argv, { env: { ...env, ...absolute } }))).toBe(2);
  });

  it('the environment and --settings are merged', () => {
    const file = put(join(home.dir, 'corp.pem'), corp);
    expect(bundleCount(prepare([], { env: { NODE_EXTRA_CA_CERTS: file } }))).toBe(2);
    expect(bundleCount(prepare([`--settings=${JSON.stringify(settings())}`]))).toBe(2);
  });

  it('--setting-sources leaves out what it leaves out in Claude', () => {
    put(join(project, '.claude', 'settings.json'), settings());
    expect(bundleCount(prepare(['-p', '--setting-sources=user,local']))).toBe(1);
    expect(bundleCount(prepare(['-p', '--setting-sources', 'user,project']))).toBe(2);
    expect(bundleCount(prepare(['-p', '--setting-sources=']))).toBe(1);
  });

  it('a broken settings file is left to Claude to complain about', () => {
    put(join(home.dir, '.claude', 'settings.json'), '{"env":');
    expect(bundleCount(prepare([]))).toBe(1);
    expect(warnings).toEqual([]);
  });
});

describe('R59: a project that nobody trusted yet, at a terminal', () => {
  const script = `
    import { prepareLaunch } from ${JSON.stringify(new URL('../../dist/claude/prepare.js', import.meta.url).href)};
    import { resolvePaths } from ${JSON.stringify(new URL('../../dist/paths.js', import.meta.url).href)};
    import { writeFileSync } from 'node:fs';
    const plan = { claude: { file: '/bin/true', args: [] }, argv: [], route: { kind: 'session', flags: 'front' } };
    const { variables } = prepareLaunch({ plan, env: process.env, cwd: process.cwd(),
      paths: resolvePaths({}, process.env), roots: process.env.ROOTS, helperCommand: [], warn() {} });
    writeFileSync(process.env.OUT, variables.NODE_EXTRA_CA_CERTS);`;

  function countAtTerminal(): number {
    const env = { ...home.env, ROOTS: roots, OUT: join(home.dir, 'out') };
    const program = put(join(home.dir, 'prepare.mjs'), script);
    const result = spawnSync('script', ['-qec', `${process.execPath} ${program}`, '/dev/null'], {
      cwd: project,
      env,
    });
    expect(result.status).toBe(0);
    return readFileSync(readFileSync(env.OUT, 'utf8'), 'utf8').split('BEGIN CERTIFICATE').length - 1;
  }

  it('chooses no certificates; once it is trusted, or a directory above it, it does', () => {
    const file = put(join(home.dir, 'corp.pem'), corp);
    put(join(project, '.claude', 'settings.json'), { env: { NODE_EXTRA_CA_CERTS: file } });
    expect(countAtTerminal()).toBe(1);
    const trust = (directory: string) => ({ projects: { [directory]: { hasTrustDialogAccepted: true } } });
    put(join(home.dir, '.claude.json'), trust(project));
    expect(countAtTerminal()).toBe(2);
    put(join(home.dir, '.claude.json'), trust(home.dir));
    expect(countAtTerminal()).toBe(2);
    put(join(home.dir, '.claude.json'), trust(join(home.dir, 'other')));
    expect(countAtTerminal()).toBe(1);
  });
});

describe('proxies and broken TLS', () => {
  it('NO_PROXY is repaired in both places, where settings set the proxy too', () => {
    put(join(home.dir, '.claude', 'settings.json'), { env: { HTTPS_PROXY: 'http://p:1', no_proxy: 'a' } });
    const prepared = prepare([]);
    expect(prepared.variables.no_proxy).toBe('a,127.0.0.1,localhost,::1');
    expect(settingsOf(prepared).env).toEqual(prepared.variables);
  });

  it('warns when certificates are not checked at all, unless settings turn that back', () => {
    prepare([], { env: { NODE_TLS_REJECT_UNAUTHORIZED: '0' } });
    expect(warnings).toEqual([expect.stringContaining('NODE_TLS_REJECT_UNAUTHORIZED=0 of the environment')]);
    put(join(home.dir, '.claude', 'settings.json'), { env: { NODE_TLS_REJECT_UNAUTHORIZED: 1 } });
    prepare([], { env: { NODE_TLS_REJECT_UNAUTHORIZED: '0' } });
    expect(warnings).toHaveLength(1);
  });
});
