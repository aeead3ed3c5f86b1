import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { completionScript } from '../../src/cli/completion/script.ts';
import { createHome } from '../support/home.ts';

const FILES = {
  bash: 'claude-secure.bash',
  zsh: '_claude-secure',
  fish: 'claude-secure.fish',
  powershell: 'claude-secure.ps1',
} as const;
const SHELLS = Object.keys(FILES) as (keyof typeof FILES)[];

const repository = fileURLToPath(new URL('../..', import.meta.url));
const fixture = (name: string): string => `${repository}test/fixtures/${name}`;
const script = (shell: keyof typeof FILES): string => `${repository}completions/${FILES[shell]}`;

const inTheShell = {
  bash: (line: string) => {
    // readline breaks words at `=` too.
    const words = line.split(/ |(=)/).filter((word) => word !== undefined);
    return ['bash', '--norc', fixture('complete.bash'), script('bash'), ...words];
  },
  zsh: (line: string) => ['zsh', '-f', fixture('complete.zsh'), `${repository}completions`, line],
  fish: (line: string) => [
    'fish',
    '--no-config',
    '-c',
    'source $argv[1]; complete -C $argv[2]',
    script('fish'),
    line,
  ],
};

function complete(shell: keyof typeof inTheShell, line: string): string[] {
  const [file, ...args] = inTheShell[shell](line) as [string, ...string[]];
  const { env, dir } = createHome();
  const { stdout, stderr } = spawnSync(file, args, { env, cwd: dir, encoding: 'utf8', timeout: 30_000 });
  // A shell would print it into the line that somebody types.
  expect(stderr).toBe('');
  const words = stdout.split('\n').map((match) => match.replace(/\t.*/, '').replace(/^--model=/, ''));
  return words.filter((word) => word !== '').sort();
}

describe('the scripts in completions/', () => {
  // `npm run completions` is this test with -u.
  it.each(SHELLS)('%s: the file is what the command table gives', async (shell) => {
    await expect(completionScript(shell)).toMatchFileSnapshot(script(shell));
  });

  it('PowerShell gets the same places as the others', () => {
    const text = completionScript('powershell');
    expect(text).toContain("'/plugin/i' = '/plugin/install'");
    expect(text).toContain("'--scope' = @('local', 'user', 'project')");
    expect(text).toMatch(/'\/cert' = @\{ Verbs = \[ordered\]@\{ 'show' = 'show'; 'renew'/);
  });
});

describe.each(['bash', 'zsh', 'fish'] as const)('in the real %s', (shell) => {
  it.each([
    ['our commands and those of Claude', 'claude-secure sto', ['stop']],
    ['words of our commands', 'claude-secure cert ', ['path', 'renew', 'show']],
    ['the shells', 'claude-secure completion ', ['bash', 'fish', 'powershell', 'zsh']],
    [
      'the second word of our commands',
      'claude-secure upstream ',
      ['add', 'disable', 'enable', 'import', 'list', 'remove'],
    ],
    ['options behind two words of ours', 'claude-secure upstream add memory --per-s', ['--per-session']],
    ['options behind a value', 'claude-secure upstream add memory --env A=b --cw', ['--cwd']],
    ['options of our commands', 'claude-secure status -', ['--json']],
    ['options behind one that `test` has too', 'claude-secure logs -f --b', ['--bodies']],
    ["Claude's verbs", 'claude-secure ultra', ['ultrareview']],
    ["words of Claude's verbs", 'claude-secure mcp lo', ['login', 'logout']],
    ['words two verbs deep', 'claude-secure plugin marketplace re', ['remove']],
    ['another spelling of a verb', 'claude-secure plugins i --sc', ['--scope']],
    ["Claude's options", 'claude-secure --output-f', ['--output-format']],
    ['options behind a prompt', 'claude-secure fix --output-f', ['--output-format']],
    ['values of an option', 'claude-secure mcp add --transport ', ['http', 'sse', 'stdio']],
    ['a value behind an equals sign', 'claude-secure --model=so', ['sonnet']],
    ['verbs behind an option and its value', 'claude-secure --model opus mcp li', ['list']],
    ["only Claude's words behind --", 'claude-secure -- mc', ['mcp']],
  ])('completes %s', (_, line, expected) => {
    expect(complete(shell, line)).toEqual(expected);
  });

  it.each([
    ['a command of ours behind --', 'claude-secure -- serv'],
    ['a verb behind a prompt', 'claude-secure fix serv'],
    ['a verb as the value of an option', 'claude-secure --name serv'],
    ['the hidden command', 'claude-secure headers'],
  ])('does not offer %s', (_, line) => {
    expect(complete(shell, line)).toEqual([]);
  });

  it('completes paths where an option takes one', () => {
    const matches = complete(shell, `claude-secure --mcp-config ${repository}package-l`);
    expect(matches.map((match) => match.replace(/.*\//, ''))).toEqual(['package-lock.json']);
  });
});
