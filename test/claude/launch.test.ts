import { X509Certificate } from 'node:crypto';
import {
  chownSync,
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { rootCertificates } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { beforeEach, describe, expect, it } from 'vitest';
import { claudes } from '../support/claudes.ts';
import { createHome, type Home } from '../support/home.ts';
import { type Outcome, run } from '../support/run.ts';

const fixture = (name: string): string => fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url));
const NODE24 = fileURLToPath(new URL('../clients/node_modules/node24/bin/node', import.meta.url));
const NOBODY = 65_534;
const LAUNCH = fixture('launch-claude.mjs');

let home: Home;
let claude: string;
beforeEach(() => {
  home = createHome({ FAKE_ROOTS: `${rootCertificates[0]}\n`, FAKE_PORT: '8443' });
  claude = join(home.dir, 'bin', 'claude');
  mkdirSync(dirname(claude));
  copyFileSync(fixture('fake-claude.mjs'), claude);
  home.env.PATH = `${dirname(claude)}:${process.env.PATH}`;
});

interface Launched extends Outcome {
  argv: string[];
  variables: NodeJS.ProcessEnv;
}

async function launch(
  args: string[],
  env: NodeJS.ProcessEnv = {},
  node = process.execPath,
): Promise<Launched> {
  const outcome = await run([node, LAUNCH, ...args], { env: { ...home.env, ...env }, cwd: home.dir });
  const report = outcome.stdout.startsWith('{') ? JSON.parse(outcome.stdout) : {};
  return { ...outcome, argv: report.argv, variables: report.env };
}

describe('a launch', () => {
  it('gives a session its server, silently', async () => {
    const { argv, variables, stderr, status } = await launch(['-p', 'hi']);
    expect(argv).toEqual([
      expect.stringMatching(/^--settings=/),
      expect.stringMatching(/^--mcp-config=/),
      '-p',
      'hi',
    ]);
    expect(variables.NODE_EXTRA_CA_CERTS).toContain(home.paths.launch);
    expect([stderr, status]).toEqual(['', 0]);
  });

  it('adds two variables to the environment and changes no other', async () => {
    const { variables } = await launch(['-p']);
    const { NODE_EXTRA_CA_CERTS, CLAUDE_SECURE_HOP, ...rest } = variables;
    expect(rest).toEqual(home.env);
  });

  it.each([[['-v']], [['--help', 'mcp']]])('%j: nothing is prepared or written', async (args) => {
    const { argv, variables } = await launch(args);
    expect(argv).toEqual(args);
    expect(variables.NODE_EXTRA_CA_CERTS).toBeUndefined();
    expect(readdirSync(home.dir)).not.toContain('.config');
  });

  it('after -- the command line goes through as it is, with our trust', async () => {
    const { argv, variables } = await launch(['--', 'status', '--', '-x']);
    expect(argv).toEqual(['status', '--', '-x']);
    expect(variables.NODE_EXTRA_CA_CERTS).toContain('bundle-');
  });

  it('without roots claude starts as it would without us', async () => {
    const { FAKE_ROOTS, ...env } = home.env;
    home.env = env;
    expect((await launch(['-p', 'hi'])).argv).toEqual(['-p', 'hi']);
  });
});

describe('the calling form of wrappers: <absolute claude> <arguments>', () => {
  it.each([
    ['a claude', 'other/claude'],
    ['a version of the native installer', 'claude/versions/2.1.330'],
  ])('runs %s that is named, with our trust and nothing else', async (_, name) => {
    const other = join(home.dir, name);
    mkdirSync(dirname(other), { recursive: true });
    writeFileSync(other, '#!/bin/sh\necho "$0" "$@" "$NODE_EXTRA_CA_CERTS"\n', { mode: 0o755 });
    const { stdout } = await launch([other, 'daemon', 'run']);
    expect(stdout).toMatch(new RegExp(`^${other} daemon run /.*/bundle-[0-9a-f]{16}.pem\n$`));
  });

  it('lets the claude that we started call us so: it is no recursion', async () => {
    writeFileSync(join(home.dir, 'again'), '', { mode: 0o755 });
    const script = `#!/bin/sh\n[ "$1" = inner ] && exec echo done\n"${process.execPath}" "${LAUNCH}" "$0" inner\n`;
    writeFileSync(claude, script);
    for (const node of [process.execPath, NODE24])
      expect((await launch(['-p'], {}, node)).stdout).toBe('done\n');
  });

  it('takes any other absolute path for a prompt', async () => {
    expect((await launch(['/bin/ls', '-l'])).argv.slice(2)).toEqual(['/bin/ls', '-l']);
  });
});

describe('recursion', () => {
  // What runs is named through a link, so that no text in the shim tells who it starts.
  function plantShim(line: string): void {
    const hidden = join(home.dir, 'hidden.mjs');
    writeFileSync(hidden, `await import(${JSON.stringify(LAUNCH)});\n`);
    writeFileSync(
      claude,
      `#!/bin/sh\necho started >> "${home.dir}/count"\n${line.replace('US', `"${process.execPath}" "${hidden}"`)}\n`,
    );
  }
  const starts = (): number => readFileSync(join(home.dir, 'count'), 'utf8').split('\n').length - 1;

  it.each([
    ['spawn', process.execPath],
    ['execve', NODE24],
  ])('a shim that execs us is stopped at once (%s)', async (_, node) => {
    plantShim('exec US "$@"');
    const { status, stderr } = await launch(['-p'], {}, node);
    expect([status, stderr]).toEqual([125, expect.stringContaining('CLAUDE_RECURSION')]);
    expect(starts()).toBe(1);
  });

  it('a shim that keeps its shell is stopped after a few rounds', async () => {
    plantShim('US "$@"\nexit $?');
    const { status, stderr } = await launch(['-p']);
    expect([status, stderr]).toEqual([125, expect.stringContaining('CLAUDE_RECURSION')]);
    expect(starts()).toBeLessThan(10);
  });

  it('claude-secure inside a session is legitimate', async () => {
    const { variables } = await launch(['-p'], { CLAUDECODE: '1', CLAUDE_SECURE_HOP: `${process.pid}:9` });
    expect(variables.CLAUDE_SECURE_HOP).toMatch(/^\d+:1$/);
  });
});

describe('verbs that only the installed claude knows', () => {
  const help =
    'Usage: claude\n\nOptions:\n  --x  y\n\nCommands:\n  frob|frobnicate [options] <id>  Do\n                    not this\n  mcp  M\n';
  const plantClaude = (name = 'claude') =>
    writeFileSync(
      join(dirname(claude), name),
      `#!/bin/sh\necho run >> "${home.dir}/count"\nif [ "$1" = --help ]; then printf '%s' '${help}'; else echo "$@"; fi\n`,
      { mode: 0o755 },
    );
  const runs = (): number => readFileSync(join(home.dir, 'count'), 'utf8').split('\n').length - 1;

  it.each(['frob', 'frobnicate'])('%s gets no flags', async (verb) => {
    plantClaude();
    expect((await launch([verb, 'x'])).stdout).toBe(`${verb} x\n`);
  });

  it('any other word is a prompt, with the flags behind it', async () => {
    plantClaude();
    expect((await launch(['not', 'x'])).stdout).toMatch(/^not x --settings=\S+ --mcp-config=\S+\n$/);
  });

  it('are asked for once, and again when claude was updated', async () => {
    plantClaude('v1');
    rmSync(claude);
    symlinkSync('v1', claude);
    await launch(['frob']);
    expect(runs()).toBe(2);
    await launch(['frob']);
    expect(runs()).toBe(3);
    plantClaude('v2');
    rmSync(claude);
    symlinkSync('v2', claude);
    await launch(['frob']);
    expect(runs()).toBe(5);
  });

  it('are asked for again when claude did not answer', async () => {
    writeFileSync(claude, '#!/bin/sh\n[ "$1" = --help ] && exit 1\necho "$@"\n');
    expect((await launch(['frob'])).stdout).toMatch(/^frob --settings=/);
    expect(readdirSync(home.paths.launch).join()).not.toContain('verbs');
  });

  it('are not asked for when the line does not need them', async () => {
    plantClaude();
    for (const args of [['-p', 'hi'], ['mcp', 'list'], ['logs', 'x'], []]) await launch(args);
    expect(runs()).toBe(4);
  });
});

describe('another account', () => {
  async function asNobody(env: NodeJS.ProcessEnv, args = ['-p']): Promise<Outcome> {
    const command = [
      `--reuid=${NOBODY}`,
      `--regid=${NOBODY}`,
      '--clear-groups',
      process.execPath,
      LAUNCH,
      ...args,
    ];
    return run(['setpriv', ...command], {
      env: { ...home.env, CLAUDE_SECURE_HOME: '/nowhere', CLAUDE_SECURE_CLAUDE: '/bin/echo', ...env },
      cwd: '/',
    });
  }

  it('R58: a CA file that may not be read is left out with a warning, ours stay', async () => {
    for (const path of ['', 'tmp']) chownSync(join(home.dir, path), NOBODY, NOBODY);
    const { stdout, stderr } = await asNobody(
      {
        CLAUDE_SECURE_HOME: join(home.dir, 'own'),
        CLAUDE_SECURE_CLAUDE: '/usr/bin/env',
        NODE_EXTRA_CA_CERTS: '/etc/shadow',
      },
      ['--', '-0'],
    );
    // Node warns for itself as well.
    expect(stderr).toContain(
      'NODE_EXTRA_CA_CERTS of the environment: /etc/shadow cannot be read (EACCES); its certificates are left out\n',
    );
    const bundle = /NODE_EXTRA_CA_CERTS=([^\0]*)/.exec(stdout)?.[1] ?? '';
    const [kept, ...more] = readFileSync(bundle, 'utf8').split(/(?<=END CERTIFICATE-----\n)/);
    expect(new X509Certificate(kept ?? '').raw).toEqual(new X509Certificate(rootCertificates[0] ?? '').raw);
    expect(more).toEqual([]);
  });

  it('a home that cannot be written costs our server, with one line, and not the session', async () => {
    const { stdout, stderr, status } = await asNobody({});
    expect([stdout, status]).toEqual(['-p\n', 0]);
    expect(stderr).toMatch(/^cannot write \/nowhere.*; Claude starts without the server of claude-secure\n$/);
  });

  it('a home that cannot be written fails with CLAUDE_SECURE_REQUIRE=1', async () => {
    const { stdout, stderr } = await asNobody({ CLAUDE_SECURE_REQUIRE: '1' });
    expect([stdout, stderr]).toEqual(['', expect.stringContaining('HOME_UNUSABLE')]);
  });
});

describe.each(claudes)('the real Claude $version', ({ file }) => {
  it('sees the merged bundle, which wins over a corporate CA in the person’s settings', async () => {
    const corporate = join(home.dir, 'corp.pem');
    writeFileSync(corporate, `${rootCertificates[1]}\n`);
    mkdirSync(join(home.dir, '.claude'));
    const settings = JSON.stringify({ env: { NODE_EXTRA_CA_CERTS: corporate } });
    writeFileSync(join(home.dir, '.claude', 'settings.json'), settings);
    const args = ['--settings={}', 'auth', 'status', '--text'];
    for (const node of [process.execPath, NODE24]) {
      const { stdout, stderr } = await launch(args, { CLAUDE_SECURE_CLAUDE: file }, node);
      expect(stderr).toBe('');
      const bundle = /^Additional CA cert\(s\): (.+)$/m.exec(stdout)?.[1] ?? '';
      expect(readFileSync(bundle, 'utf8').match(/BEGIN CERTIFICATE/g)).toHaveLength(2);
    }
  });

  it('answers --version as it does alone', async () => {
    const alone = await run([file, '--version'], { env: home.env, cwd: home.dir });
    const launched = await launch(['--version'], { CLAUDE_SECURE_CLAUDE: file });
    expect([launched.stdout, launched.stderr, launched.status]).toEqual([
      alone.stdout,
      alone.stderr,
      alone.status,
    ]);
  });
});
