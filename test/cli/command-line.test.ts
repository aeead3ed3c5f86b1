import { describe, expect, it } from 'vitest';
import { parseCommandLine } from '../../src/cli/command-line.ts';

const claude = (...argv: string[]) => ({ kind: 'claude', argv, verbatim: false });
const ours = (name: string, words: string[] = [], flags: string[] = []) => ({
  kind: 'ours',
  name,
  words,
  flags: new Set(flags),
});

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
    [['upstream', 'list']],
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

  it('`--help` behind a command explains that command', () => {
    expect(parseCommandLine(['cert', '--help'])).toMatchObject({
      kind: 'help-of',
      command: { name: 'cert' },
    });
  });
});
