import { describe, expect, it } from 'vitest';
import { parseCommandLine } from '../../src/cli/command-line.ts';

const claude = (...argv: string[]) => ({ kind: 'claude', argv, verbatim: false });
const ours = (name: string, words: string[] = [], flags: string[] = [], more: object = {}) => ({
  kind: 'ours',
  name,
  words,
  flags: new Set(flags),
  values: new Map(),
  behind: [],
  ...more,
});
const values = (given: Record<string, string[]>) => ({ values: new Map(Object.entries(given)) });

describe('ours, when the whole line fits', () => {
  it.each([
    ['status', ours('status')],
    ['status --json', ours('status', [], ['json'])],
    ['serve', ours('serve')],
    ['restart', ours('restart')],
    ['stop', ours('stop')],
    ['logs', ours('logs')],
    ['logs -f', ours('logs', [], ['f'])],
    ['cert', ours('cert')],
    ['cert show', ours('cert', ['show'])],
    ['cert renew', ours('cert', ['renew'])],
    ['cert path', ours('cert', ['path'])],
    ['approve', ours('approve')],
    ['approve ABCD-EFGH', ours('approve', ['ABCD-EFGH'])],
    ['logs --server memory', ours('logs', [], [], values({ server: ['memory'] }))],
    ['logs -f --server=memory --bodies', ours('logs', [], ['f', 'bodies'], values({ server: ['memory'] }))],
    ['upstream', ours('upstream list')],
    ['upstream --json', ours('upstream list', [], ['json'])],
    ['upstream list --json', ours('upstream list', [], ['json'])],
    ['upstream import', ours('upstream import')],
    ['upstream remove memory', ours('upstream remove', ['memory'])],
    ['upstream enable memory', ours('upstream enable', ['memory'])],
    ['upstream disable memory', ours('upstream disable', ['memory'])],
    ['clients', ours('clients')],
    ['clients revoke 0123', ours('clients', ['revoke', '0123'])],
    ['completion zsh', ours('completion', ['zsh'])],
    ['help', ours('help')],
    ['version', ours('version')],
    ['headers code', ours('headers', ['code'])],
  ])('%s', (line, expected) => {
    expect(parseCommandLine(line.split(' '))).toEqual(expected);
  });
});

describe('upstream add', () => {
  const npx = { behind: ['npx', '-y', '@scope/server'] };

  it.each([
    ['add memory -- npx -y @scope/server', ours('upstream add', ['memory'], [], npx)],
    [
      'add --env A=b memory --env=C=d=e --cwd . --per-session -- npx -y @scope/server',
      ours('upstream add', ['memory'], ['per-session'], {
        ...values({ env: ['A=b', 'C=d=e'], cwd: ['.'] }),
        ...npx,
      }),
    ],
    [
      'add m --env-file=f -- x --help -- --env A=b',
      ours('upstream add', ['m'], [], {
        ...values({ 'env-file': ['f'] }),
        behind: ['x', '--help', '--', '--env', 'A=b'],
      }),
    ],
  ])('%s', (line, expected) => {
    expect(parseCommandLine(['upstream', ...line.split(' ')])).toEqual(expected);
  });

  it('R53: keeps every argument as it is, empty ones and line breaks too', () => {
    const behind = ['/bin/x', '', 'a\nb', '$(id)', ';', '-h'];
    const argv = ['upstream', 'add', 'm', '--env=A=', '--', ...behind];
    expect(parseCommandLine(argv)).toEqual(
      ours('upstream add', ['m'], [], { ...values({ env: ['A='] }), behind }),
    );
  });
});

describe('two words of ours are no prompt: whatever does not fit behind them is a usage error', () => {
  it.each([
    [['upstream', 'add']],
    [['upstream', 'add', 'memory']],
    [['upstream', 'add', 'memory', '--']],
    [['upstream', 'add', 'memory', '--', '']],
    [['upstream', 'add', 'memory', 'npx', 'server']],
    [['upstream', 'add', '--', 'npx']],
    [['upstream', 'add', 'memory', '--env']],
    [['upstream', 'add', 'memory', '--url', 'x', '--', 'npx']],
    [['upstream', 'add', 'memory', '--per-session=1', '--', 'npx']],
    [['upstream', 'remove']],
    [['upstream', 'remove', '']],
    [['upstream', 'enable', 'a', 'b']],
    [['upstream', 'list', 'all']],
    [['upstream', 'import', '--', 'x']],
  ])('%j', (argv) => {
    const usage = new RegExp(`^claude-secure upstream ${argv[1]}( |$)`);
    expect(() => parseCommandLine(argv)).toThrow(
      expect.objectContaining({ code: 'USAGE', exit: 2, hint: expect.stringMatching(usage) }),
    );
  });

  it('no message of it says a value: it may be a secret', () => {
    const argv = ['upstream', 'add', 'memory', '--env', 'TOKEN=canary', '--bad'];
    expect(() => parseCommandLine(argv)).toThrow(expect.not.objectContaining({ message: /canary/ }));
  });
});

describe("Claude's, untouched", () => {
  it.each([
    [[]],
    [['-p', 'hi']],
    [['--version']],
    [['fix the bug']],
    [['mcp', 'list']],
    [['doctor']],
    [['stop', 'a1b2']],
    [['stop', '--all']],
    [['logs', 'a1b2', '-f']],
    [['logs', '--help']],
    [['status', 'of', 'this', 'project']],
    [['approve', 'the', 'plan']],
    [['cert', 'what is this']],
    [['clients', 'revoke']],
    [['completion']],
    [['completion', 'tcsh']],
    [['serve', '--', 'x']],
    [['approve', '']],
    [['upstream', 'of', 'this', 'river']],
    [['upstream', 'memory', '--', 'npx']],
    [['logs', '--server']],
    [['logs', '--server', 'memory', 'a1b2']],
    [['logs', '--bodies=1']],
    [['trust']],
  ])('%j', (argv) => {
    expect(parseCommandLine(argv)).toEqual(claude(...argv));
  });

  it('goes verbatim behind our one `--`', () => {
    expect(parseCommandLine(['--', 'status', '--', '--json'])).toEqual({
      kind: 'claude',
      argv: ['status', '--', '--json'],
      verbatim: true,
    });
  });
});

describe('a mistaken option of a command that is only ours', () => {
  it.each([
    [['status', '--jsno'], 'has no option --jsno; it takes --json'],
    [['serve', '--port', '1'], 'has no option --port; it takes no options'],
    [['status', '--json=1'], 'has no option --json'],
    [['restart', '-f'], 'has no option -f'],
  ])('%j is a usage error', (argv, message) => {
    expect(() => parseCommandLine(argv)).toThrow(
      expect.objectContaining({ code: 'USAGE', exit: 2, message: expect.stringContaining(message) }),
    );
  });

  it.each([
    [['cert', '--help'], ['cert']],
    [['upstream', 'add', '-h'], ['upstream add']],
    [['upstream', 'list', '--help'], ['upstream list']],
    [
      ['upstream', '--help'],
      ['list', 'add', 'remove', 'enable', 'disable', 'import'].map((word) => `upstream ${word}`),
    ],
  ])('%j explains what stands in front of it', (argv, names) => {
    expect(parseCommandLine(argv)).toEqual({
      kind: 'help-of',
      commands: names.map((name) => expect.objectContaining({ name })),
    });
  });
});
