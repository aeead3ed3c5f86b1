import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseCommandLine } from '../../src/cli/command-line.ts';
import { COMMANDS, type Command } from '../../src/cli/commands.ts';
import { SETTINGS } from '../../src/config.ts';
import { Failure, type FailureCode } from '../../src/errors.ts';
import { resolvePaths } from '../../src/paths.ts';
import { readMarkdown } from '../support/markdown.ts';
import { createProgramHome, PROGRAM, runProgram } from '../support/program.ts';

const repository = new URL('../../', import.meta.url);
const source = (path: string): string => readFileSync(new URL(`src/${path}`, repository), 'utf8');

const [commands, settings, roots, files, , failures] = readMarkdown('README.md').tables as string[][][];
const shellLines = readMarkdown('README.md')
  .code.filter(({ language }) => language === 'sh')
  .map(({ lines }) => lines);
const withoutAssignments = (line: string): string => line.replace(/^(\w+=\S+ )+/, '');

describe('README.md', () => {
  it('has every command of the command table, and no other', () => {
    const shown = (COMMANDS as readonly Command[]).filter(({ hidden }) => !hidden);
    expect(commands?.slice(1, -1)).toEqual(
      shown.map(({ name, usage, summary }) => [`claude-secure ${name} ${usage}`.trimEnd(), summary]),
    );
  });

  it('has every variable of the settings table, and no other', () => {
    expect(settings).toEqual(
      SETTINGS.map(({ variable, type, fallback, meaning }) => [variable, type, fallback, meaning]),
    );
  });

  it('has every failure with its exit code and advice', () => {
    const codes = [...source('errors.ts').matchAll(/^ {2}([A-Z_]+): \{\s*exit:/gm)].map(([, code]) => code);
    const expected = codes.map((code) => new Failure(code as FailureCode, ''));
    expect(failures).toEqual(expected.map(({ code, exit, hint }) => [code, String(exit), hint]));
  });

  it('has every file that paths.ts describes, and paths.ts describes every file', () => {
    const rows = [...source('paths.ts').matchAll(/^ \* \| (.*) \|$/gm)].map(([, row]) =>
      (row as string).split(' | ').map((cell) => cell.trim()),
    );
    const described = rows.slice(1).filter(([name]) => !name?.startsWith('-'));
    expect(files).toEqual(described.map(([name, , mode, meaning]) => [name, mode, meaning]));

    const { root, ...paths } = resolvePaths({ home: '/home' }, {});
    const names = described.map(([name]) => (name as string).replace(/[*{].*/, ''));
    for (const path of Object.values(paths)) {
      expect(names.some((name) => name.startsWith(relative(root, path)))).toBe(true);
    }
  });

  it.each([
    ['Linux', 'linux', { HOME: '/h' }, '/h/.config/claude-secure'],
    ['macOS', 'darwin', { HOME: '/h' }, '/h/Library/Application Support/claude-secure'],
  ] as const)('names the directory of %s', (system, platform, env, expected) => {
    expect(resolvePaths({ home: undefined }, env, platform).root).toBe(expected);
    const shown = roots?.find(([name]) => name === system)?.[1] as string;
    expect(shown.replace(/\$\{.*:-(.*)\}/, '$1').replace('~', '/h')).toBe(expected);
  });

  it('shows no command line of ours that would go to Claude', () => {
    const ours = shellLines
      .flat()
      .map(withoutAssignments)
      .filter((line) => line.startsWith('claude-secure '));
    expect(ours.length).toBeGreaterThan(10);
    for (const line of ours) {
      const words = line
        .replace(/ [|>].*/, '')
        .split(' ')
        .slice(1);
      expect([line, parseCommandLine(words).kind]).toEqual([line, 'ours']);
    }
  });

  it('shows a day that runs as written', async () => {
    const day = shellLines.find((lines) => lines.length > 5) as string[];
    const home = await createProgramHome();
    for (const line of day) {
      const { status, stderr } = await runProgram(home, line.split(' ').slice(1));
      expect([line, status, stderr]).toEqual([line, 0, '']);
    }
    const after = await runProgram(home, ['status']);
    expect(after.status).toBe(3);
  });

  it('shows how to copy the certificate, start over and uninstall, and that does it', async () => {
    const home = await createProgramHome();
    const bin = join(home.dir, 'bin');
    mkdirSync(bin);
    symlinkSync(PROGRAM, join(bin, 'claude-secure'));
    const env = { ...home.env, PATH: `${bin}:${home.env.PATH}` };
    const type = (text: string): void => {
      const lines = shellLines.find((block) => block.join('\n').includes(text)) as string[];
      const ours = lines.filter((line) => !line.startsWith('npm '));
      execFileSync('bash', ['-euc', ours.join('\n')], { env, cwd: home.dir, stdio: 'pipe' });
    };

    type('cp "$(claude-secure cert path)"');
    const copied = readFileSync(join(home.dir, '.ssl/claude-secure-ca.pem'), 'utf8');
    expect(copied).toBe(readFileSync(home.paths.serverCertificate, 'utf8'));

    type('claude-secure/certs');
    const anew = readFileSync(home.paths.serverCertificate, 'utf8');
    expect(anew).toContain('BEGIN CERTIFICATE');
    expect(anew).not.toBe(copied);

    type('npm uninstall');
    expect(existsSync(home.paths.root)).toBe(false);
    expect((await runProgram(home, ['status'])).status).toBe(3);
  });

  it('R6: no document and no line of ours turns certificate checks off', () => {
    const documents = ['README.md', 'README.ja.md', 'SECURITY.md', 'CONTRIBUTING.md'].map(readMarkdown);
    const shown = documents.flatMap(({ code }) => code.flatMap(({ lines }) => lines)).join('\n');
    expect(shown).not.toContain('NODE_TLS_REJECT_UNAUTHORIZED');
    const directory = new URL('src/', repository);
    const ours = readdirSync(directory, { recursive: true, encoding: 'utf8' }).filter((name) =>
      name.endsWith('.ts'),
    );
    const off = /rejectUnauthorized:\s*false|NODE_TLS_REJECT_UNAUTHORIZED['"\]]*\s*(?:=|:)\s*['"]/;
    expect(ours.filter((name) => off.test(source(name)))).toEqual([]);
  });

  it('leads nowhere that does not exist', () => {
    for (const name of ['README.md', 'README.ja.md', 'SECURITY.md', 'CONTRIBUTING.md', 'THIRD-PARTY.md']) {
      const missing = readMarkdown(name).links.filter(
        (link) => !link.includes('://') && !existsSync(new URL(link, repository)),
      );
      expect([name, missing]).toEqual([name, []]);
    }
  });
});

describe('README.ja.md', () => {
  const english = readMarkdown('README.md');
  const japanese = readMarkdown('README.ja.md');

  it('has the same headings in depth and number', () => {
    expect(japanese.headings).toEqual(english.headings);
  });

  it('has the same code, word for word', () => {
    expect(japanese.code).toEqual(english.code);
  });

  it('has the same tables: commands, variables, files, failures', () => {
    const shape = (table: string[][]): number[] => table.map((row) => row.length);
    expect(japanese.tables.map(shape)).toEqual(english.tables.map(shape));
    for (const index of [0, 1, 2, 3, 5]) {
      const names = (tables: string[][][]): unknown => tables[index]?.map(([name]) => name);
      expect(names(japanese.tables)).toEqual(names(english.tables));
    }
    const numbers = (tables: string[][][]): unknown =>
      [3, 5].map((index) => tables[index]?.map(([, number]) => number));
    expect(numbers(japanese.tables)).toEqual(numbers(english.tables));
  });
});
