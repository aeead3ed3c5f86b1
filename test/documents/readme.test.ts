import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseCommandLine } from '../../src/cli/command-line.ts';
import { COMMANDS, type Command } from '../../src/cli/commands.ts';
import { SETTINGS } from '../../src/config.ts';
import { Failure, type FailureCode } from '../../src/errors.ts';
import { limits } from '../../src/limits.ts';
import { PROTOCOL_VERSIONS } from '../../src/mcp/protocol-version.ts';
import { resolvePaths } from '../../src/paths.ts';
import { parseUpstreams } from '../../src/upstreams.ts';
import type { Home } from '../support/home.ts';
import { readMarkdown } from '../support/markdown.ts';
import { createProgramHome, PROGRAM, runProgram } from '../support/program.ts';
import { rowsOf, type Table } from '../support/readme.ts';

const repository = new URL('../../', import.meta.url);
const source = (path: string): string => readFileSync(new URL(`src/${path}`, repository), 'utf8');

const readme = readMarkdown('README.md');
const tableOf = (name: Table): string[][] => rowsOf(readme, name);
const blocks = (language: string): string[][] =>
  readme.code.filter((block) => block.language === language).map(({ lines }) => lines);
const shellLines = blocks('sh');
const configuration = blocks('json').find((lines) => lines.join().includes('"command"')) as string[];

/** A person's shell, in which one types what the README shows. */
function openShell(home: Home) {
  const bin = join(home.dir, 'bin');
  mkdirSync(bin);
  symlinkSync(PROGRAM, join(bin, 'claude-secure'));
  const env = { ...home.env, PATH: `${bin}:${home.env.PATH}` };
  return {
    bin,
    /** Types the lines of the first block that holds the text, but for those of npm; gives what they print. */
    type(text: string): string {
      const lines = shellLines.find((block) => block.join('\n').includes(text)) as string[];
      const ours = lines.filter((line) => !line.startsWith('npm '));
      return execFileSync('bash', ['-euc', ours.join('\n')], {
        env,
        cwd: home.dir,
        stdio: 'pipe',
      }).toString();
    },
  };
}
const withoutAssignments = (line: string): string => line.replace(/^(\w+=\S+ )+/, '');

describe('README.md', () => {
  it('has every command of the command table, and no other', () => {
    const shown = (COMMANDS as readonly Command[]).filter(({ hidden }) => !hidden);
    expect(tableOf('commands').slice(1, -1)).toEqual(
      shown.map(({ name, usage, summary }) => [`claude-secure ${name} ${usage}`.trimEnd(), summary]),
    );
  });

  it('has every option of upstream add, and no other', () => {
    const { options } = (COMMANDS as readonly Command[]).find(
      ({ name }) => name === 'upstream add',
    ) as Command;
    expect(tableOf('options')).toEqual(
      options.map(({ flag, value, summary }) => [value ? `${flag} ${value.name}` : flag, summary]),
    );
  });

  it('has every way of sharing a process, and every member of upstreams.json in one that can be used', () => {
    const [memory] = parseUpstreams(configuration.join('\n'));
    expect(memory).toMatchObject({ name: 'memory', sharing: 'shared', enabled: true });
    const { mcpServers } = JSON.parse(configuration.join('\n'));
    const members = [
      'name',
      ...new Set(Object.values<object>(mcpServers).flatMap((entry) => Object.keys(entry))),
    ];
    expect(members.sort()).toEqual(Object.keys(memory as object).sort());
    const named = tableOf('sharing').map(([sharing]) => sharing);
    const chosen = tableOf('options').flatMap(([flag]) => /^--(per-.*)/.exec(flag as string)?.[1] ?? []);
    expect(named).toEqual([memory?.sharing, ...chosen]);
  });

  it('has the numbers of limits.ts where something goes wrong with a server', () => {
    const { upstreamBackoffMs, upstreamBackoffMaxMs, upstreamHangMs, upstreamIdleMs } = limits;
    const said = tableOf('troubles').map((row) => row.join(' '));
    for (const promise of [
      `after ${upstreamBackoffMs / 1_000} s, then after twice as long each time, at most ${upstreamBackoffMaxMs / 1_000} s`,
      `nothing for ${upstreamHangMs / 1_000} s`,
      `nobody is connected for ${upstreamIdleMs / 60_000} minutes`,
      `a line of more than ${limits.upstreamLineBytes / 1_048_576} MiB`,
      `${limits.upstreamQueueBytes / 1_048_576} MiB unread`,
      `the last ${limits.replayEvents} messages or ${limits.replayBytes / 1_048_576} MiB of a session`,
    ]) {
      expect([promise, said.filter((line) => line.includes(promise)).length]).toEqual([promise, 1]);
    }
  });

  it('has every revision that sessions speak', () => {
    const [, sessions] = tableOf('revisions');
    expect(sessions?.[0]?.match(/[\d-]{10}/g)).toEqual(PROTOCOL_VERSIONS);
  });

  it('has every variable of the settings table, and no other', () => {
    expect(tableOf('settings')).toEqual(
      SETTINGS.map(({ variable, type, fallback, meaning }) => [variable, type, fallback, meaning]),
    );
  });

  it('has every failure with its exit code and advice', () => {
    const codes = [...source('errors.ts').matchAll(/^ {2}([A-Z_]+): \{\s*exit:/gm)].map(([, code]) => code);
    const expected = codes.map((code) => new Failure(code as FailureCode, ''));
    expect(tableOf('failures')).toEqual(expected.map(({ code, exit, hint }) => [code, String(exit), hint]));
  });

  it('has every file that paths.ts describes, and paths.ts describes every file', () => {
    const rows = [...source('paths.ts').matchAll(/^ \* \| (.*) \|$/gm)].map(([, row]) =>
      (row as string).split(' | ').map((cell) => cell.trim()),
    );
    const described = rows.slice(1).filter(([name]) => !name?.startsWith('-'));
    expect(tableOf('files')).toEqual(described.map(([name, , mode, meaning]) => [name, mode, meaning]));

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
    const shown = tableOf('roots').find(([name]) => name === system)?.[1] as string;
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
    const { type } = openShell(home);

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

  it('shows how to add a server, keep it and remove it, and that does it', async () => {
    const home = await createProgramHome();
    const { bin, type } = openShell(home);
    // The real one would ask the registry.
    writeFileSync(join(bin, 'npx'), '#!/bin/sh\nexit 1\n', { mode: 0o700 });
    expect(type('upstream disable')).toMatch(
      /^added memory .*\n.*\nmemory +shared +stopped .*\nmemory is disabled\nmemory is enabled\nremoved memory\n$/,
    );
    expect(parseUpstreams(readFileSync(home.paths.upstreams, 'utf8'))).toEqual([]);
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
