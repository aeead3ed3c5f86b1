import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { findClaude } from '../../src/claude/find.ts';
import type { Program } from '../../src/claude/inspect-program.ts';
import { Failure, type FailureCode } from '../../src/errors.ts';
import { createHome, type Home } from '../support/home.ts';

const ELF = Buffer.from('7f454c4602010100', 'hex');
/** A copy of what npm leaves as bin/claude.exe when install scripts are off: where they ran, it is the binary. */
const PLACEHOLDER = readFileSync(new URL('../fixtures/claude-placeholder.txt', import.meta.url));
const PLATFORM_PACKAGE = `claude-code-${process.platform}-${process.arch}`;

let home: Home;
const at = (...parts: string[]): string => join(home.dir, ...parts);

beforeEach(() => {
  home = createHome();
});

function put(file: string, content: string | Uint8Array = ELF, mode = 0o755): string {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, content);
  chmodSync(file, mode);
  return file;
}

function link(file: string, target: string): string {
  mkdirSync(dirname(file), { recursive: true });
  symlinkSync(target, file);
  return file;
}

interface Search {
  path?: readonly string[];
  configured?: string;
  platform?: NodeJS.Platform;
  packageRoot?: string;
}

const find = ({ path = [], configured, platform, packageRoot = at('ours') }: Search): Program =>
  findClaude({
    config: { claude: configured },
    env: { HOME: home.dir, PATH: path.join(delimiter) },
    packageRoot,
    execPath: at('node', 'bin', 'node'),
    ...(platform && { platform }),
  });

function failureOf(search: Search): { code: FailureCode; message: string } {
  try {
    find(search);
  } catch (error) {
    if (error instanceof Failure) return { code: error.code, message: error.message };
    throw error;
  }
  throw new Error('a claude was found');
}

const native = (file: string): Program => ({ file, args: [], kind: 'native' });

describe('the order of places', () => {
  it('takes the places one after another, as each is emptied', () => {
    const places = [
      at('bin', 'claude'),
      at('.local', 'bin', 'claude'),
      at('.local', 'share', 'claude', 'versions', '2.1.330'),
      at('.local', 'share', 'claude', 'versions', '2.1.99'),
      at('.claude', 'local', 'claude'),
      at('.claude', 'local', 'node_modules', '.bin', 'claude'),
      at('node', 'bin', 'claude'),
      at('ours', 'node_modules', '.bin', 'claude'),
    ];
    for (const place of places) put(place);
    const found = places.map((place) => {
      const { file } = find({ path: [at('bin')] });
      chmodSync(place, 0o644);
      return file;
    });
    expect(found).toEqual(places);
  });

  it('prefers CLAUDE_SECURE_CLAUDE to everything', () => {
    put(at('bin', 'claude'));
    const chosen = put(at('elsewhere', 'mine'));
    expect(find({ path: [at('bin')], configured: chosen })).toEqual(native(chosen));
  });

  it('runs the entry of the PATH and not what it links to: the updater repoints it', () => {
    const entry = link(at('bin', 'claude'), put(at('versions', '2.1.330')));
    expect(find({ path: [at('bin')] })).toEqual(native(entry));
  });
});

describe('what a candidate is', () => {
  it.each<[string, string | Uint8Array, Program['kind']]>([
    ['ELF', ELF, 'native'],
    ['Mach-O', Buffer.from('cffaedfe07000001', 'hex'), 'native'],
    ['a universal Mach-O', Buffer.from('cafebabe00000002', 'hex'), 'native'],
    ['PE', 'MZ\x90\0', 'native'],
    ['a script', '#!/bin/sh\nexec something\n', 'script'],
  ])('knows %s by its first bytes', (_, content, kind) => {
    const file = put(at('bin', 'claude'), content);
    expect(find({ path: [at('bin')] })).toEqual({ file, args: [], kind });
  });

  it('runs a JavaScript file of old versions with node', () => {
    const file = put(at('cli.js'), 'console.log(1)', 0o644);
    expect(find({ configured: file })).toEqual({ file: process.execPath, args: [file], kind: 'node' });
  });

  it('steps over directories, loops of links, dangling links and what is not executable', () => {
    mkdirSync(at('a', 'claude'), { recursive: true });
    link(at('b', 'claude'), at('b', 'claude'));
    link(at('c', 'claude'), at('nowhere'));
    put(at('d', 'claude'), ELF, 0o644);
    const good = put(at('e', 'claude'));
    expect(find({ path: ['a', 'b', 'c', 'd', 'e'].map((name) => at(name)) })).toEqual(native(good));
  });
});

describe('the placeholder of the npm package', () => {
  it.each([
    ['beside it (npm, pnpm)', ['node_modules', '@anthropic-ai']],
    ['nested (npm -g)', ['node_modules', '@anthropic-ai', 'claude-code', 'node_modules', '@anthropic-ai']],
  ])('is replaced by the binary of the platform package, %s', (_, parts) => {
    const stub = put(at('node_modules', '@anthropic-ai', 'claude-code', 'bin', 'claude.exe'), PLACEHOLDER);
    const binary = put(at(...parts, PLATFORM_PACKAGE, 'claude'));
    link(at('bin', 'claude'), stub);
    expect(find({ path: [at('bin')] })).toEqual(native(binary));
  });

  it('is passed over when there is no binary, and named when nothing else is found', () => {
    const stub = put(at('bin', 'claude'), PLACEHOLDER);
    expect(failureOf({ path: [at('bin')] })).toMatchObject({
      code: 'CLAUDE_NOT_EXECUTABLE',
      message: expect.stringContaining(stub),
    });
    const good = put(at('later', 'claude'));
    expect(find({ path: [at('bin'), at('later')] })).toEqual(native(good));
  });

  it('finds the real Claude Code of this repository, which was installed without scripts', () => {
    const packageRoot = dirname(dirname(import.meta.dirname));
    const { file } = find({ path: [join(packageRoot, 'node_modules', '.bin')], packageRoot });
    const { stdout } = spawnSync(file, ['--version'], { env: home.env, encoding: 'utf8' });
    expect(stdout).toContain('2.1.197 (Claude Code)');
  });
});

describe('Windows', () => {
  it('prefers the executable, and follows npm’s shim to the one beside it', () => {
    put(at('bin', 'claude.cmd'), '@ECHO off\r\n');
    put(at('bin', 'claude'), '#!/bin/sh\n');
    const packaged = put(
      at('bin', 'node_modules', '@anthropic-ai', 'claude-code', 'bin', 'claude.exe'),
      'MZ\0',
    );
    expect(find({ path: [at('bin')], platform: 'win32' })).toEqual(native(packaged));
    const executable = put(at('bin', 'claude.exe'), 'MZ\0');
    expect(find({ path: [at('bin')], platform: 'win32' })).toEqual(native(executable));
  });
});

describe('R59: nothing of the project is run', () => {
  it('skips relative and empty entries of the PATH', () => {
    put(at('project', 'claude'));
    put(at('project', 'bin', 'claude'));
    const script = `import { findClaude } from ${JSON.stringify(new URL('../../dist/claude/find.js', import.meta.url).href)};
      try { console.log(findClaude({ config: {}, env: process.env, packageRoot: '/nowhere' }).file); }
      catch (error) { console.log(error.code); }`;
    const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
      cwd: at('project'),
      env: { HOME: home.dir, PATH: ['', '.', 'bin', './bin', '../project'].join(delimiter) },
      encoding: 'utf8',
    });
    expect(stdout.trim()).not.toContain('project');
  });

  it('skips the node_modules/.bin of a project, with a slash at its end too', () => {
    put(at('project', 'node_modules', '.bin', 'claude'));
    const bin = at('project', 'node_modules', '.bin');
    const good = put(at('bin', 'claude'));
    expect(find({ path: [bin, `${bin}/`, at('bin')] })).toEqual(native(good));
  });

  it('takes the node_modules/.bin of the tree that we run from', () => {
    const own = put(at('tree', 'node_modules', '.bin', 'claude'));
    expect(find({ path: [dirname(own)], packageRoot: at('tree') })).toEqual(native(own));
    expect(find({ path: [dirname(own)], packageRoot: at('tree', 'node_modules', 'claude-secure') })).toEqual(
      native(own),
    );
  });

  it('refuses a relative CLAUDE_SECURE_CLAUDE', () => {
    expect(failureOf({ configured: './claude' }).code).toBe('CONFIG_INVALID');
  });
});

describe('claude-secure is never taken for claude', () => {
  it.each<[string, () => string]>([
    ['a script that starts it', () => put(at('bin', 'claude'), '#!/bin/sh\nexec claude-secure "$@"\n')],
    [
      'a link to our program',
      () => link(at('bin', 'claude'), put(at('x', 'claude-secure.js'), '#!/usr/bin/env node\n')),
    ],
    ['a cmd shim', () => put(at('bin', 'claude'), '@"%~dp0\\claude-secure.cmd" %*\r\n')],
  ])('steps over %s and says so when nothing else is found', (_, plant) => {
    const shim = plant();
    const good = put(at('later', 'claude'));
    expect(find({ path: [at('bin'), at('later')] })).toEqual(native(good));
    chmodSync(good, 0o644);
    writeFileSync(good, '');
    const { message } = failureOf({ path: [at('bin')] });
    expect(message).toContain(`${shim} starts claude-secure`);
  });

  it('does not mind a program whose name only contains ours', () => {
    const file = put(at('bin', 'claude'), '#!/bin/sh\nexec /opt/claude-secure-tools/run\n');
    expect(find({ path: [at('bin')] }).file).toBe(file);
  });
});

describe('failures', () => {
  it('CLAUDE_NOT_FOUND names every place tried', () => {
    const { code, message } = failureOf({ path: [at('bin'), at('sbin')] });
    expect(code).toBe('CLAUDE_NOT_FOUND');
    for (const place of [at('bin', 'claude'), at('sbin', 'claude'), at('.local', 'bin', 'claude')]) {
      expect(message).toContain(place);
    }
  });

  it('CLAUDE_NOT_EXECUTABLE names a file that is there and cannot run', () => {
    const file = put(at('bin', 'claude'), ELF, 0o644);
    expect(failureOf({ path: [at('bin')] })).toMatchObject({
      code: 'CLAUDE_NOT_EXECUTABLE',
      message: expect.stringContaining(file),
    });
  });

  it.each<[FailureCode, () => string]>([
    ['CLAUDE_NOT_FOUND', () => at('missing')],
    ['CLAUDE_NOT_EXECUTABLE', () => put(at('plain'), ELF, 0o600)],
    ['CLAUDE_NOT_EXECUTABLE', () => put(at('text'), 'hello')],
    ['CLAUDE_RECURSION', () => put(at('claude-secure.js'), '#!/usr/bin/env node\n')],
  ])('%s for a CLAUDE_SECURE_CLAUDE that is no claude', (code, plant) => {
    expect(failureOf({ configured: plant() }).code).toBe(code);
  });

  it('accepts a wrapper of the person’s own that names us, when it is configured', () => {
    const file = put(at('wrapper'), '#!/bin/sh\n# used by claude-secure\nexec /opt/claude "$@"\n');
    expect(find({ configured: file }).file).toBe(file);
  });

  it('runs an execute-only binary, which nobody but its owner can read', () => {
    cpSync('/bin/true', at('claude'));
    chmodSync(at('claude'), 0o711);
    chmodSync(home.dir, 0o755);
    const script = `import { findClaude } from ${JSON.stringify(new URL('../../dist/claude/find.js', import.meta.url).href)};
      console.log(findClaude({ config: { claude: process.argv[1] }, env: {}, packageRoot: '/nowhere' }).kind);`;
    const node = [process.execPath, '--input-type=module', '-e', script, at('claude')];
    const nobody = ['--reuid=65534', '--regid=65534', '--clear-groups', ...node];
    const { stdout, stderr } = spawnSync('setpriv', nobody, { env: home.env, encoding: 'utf8' });
    expect(stderr).toBe('');
    expect(stdout).toBe('native\n');
  });
});
