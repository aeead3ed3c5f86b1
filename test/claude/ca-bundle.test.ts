import { spawnSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ensureCaBundle } from '../../src/claude/ca-bundle.ts';
import { createAuthority } from '../support/authority.ts';
import { createHome, type Home } from '../support/home.ts';

const certificates = { ours: '', corp: '', other: '' };
let key: string;
let authorities: string;

beforeAll(() => {
  authorities = mkdtempSync(join(tmpdir(), 'claude-secure-authorities-'));
  for (const name of ['ours', 'corp', 'other'] as const) {
    certificates[name] = readFileSync(createAuthority(authorities, name).caFile, 'utf8');
  }
  key = readFileSync(join(authorities, 'corp-ca.key'), 'utf8');
});
afterAll(() => rmSync(authorities, { recursive: true, force: true }));

let home: Home;
let warnings: string[];
beforeEach(() => {
  home = createHome();
  warnings = [];
});

const der = (pem: string): Buffer => new X509Certificate(pem).raw;

/** The bundle for files with this content, each named by a source of its own. */
function bundleOf(...contents: (string | Buffer)[]): string {
  const files = contents.map((content, index) => {
    const file = join(home.dir, `user-${index}.pem`);
    writeFileSync(file, content);
    return file;
  });
  return bundleOfFiles(...files);
}

function bundleOfFiles(...files: string[]): string {
  return ensureCaBundle({
    paths: home.paths,
    roots: certificates.ours,
    sources: files.map((file, index) => ({
      name: `source ${index}`,
      variables: { NODE_EXTRA_CA_CERTS: file },
    })),
    cwd: home.dir,
    warn: (line) => warnings.push(line),
  });
}

/** The subjects in a bundle, read as strictly as Claude reads it. */
function subjects(file: string): string[] {
  const text = readFileSync(file, 'utf8');
  expect(text).toMatch(/^(-----BEGIN CERTIFICATE-----\n([A-Za-z0-9+/=]+\n)+-----END CERTIFICATE-----\n)+$/);
  return text
    .split(/(?<=-----END CERTIFICATE-----\n)/)
    .map((block) => new X509Certificate(block).subject.replace('CN=', '').replace(' root', ''));
}

describe('R58: the merged bundle', () => {
  it.each<[string, () => string | Buffer, string[]]>([
    ['a plain file', () => certificates.corp, ['ours', 'corp']],
    ['CRLF', () => certificates.corp.replaceAll('\n', '\r\n'), ['ours', 'corp']],
    ['a UTF-8 BOM, which Claude refuses', () => `\uFEFF${certificates.corp}`, ['ours', 'corp']],
    ['DER, which Claude refuses', () => der(certificates.corp), ['ours', 'corp']],
    [
      'comments',
      () => `# corp\n${certificates.corp}\nsubject=/CN=x\n${certificates.other}`,
      ['ours', 'corp', 'other'],
    ],
    [
      'no line end between two blocks, of which 2.1.197 drops both',
      () => certificates.corp.trimEnd() + certificates.other,
      ['ours', 'corp', 'other'],
    ],
    ['a private key in the same file', () => key + certificates.corp, ['ours', 'corp']],
    ['the same certificate twice', () => certificates.corp + certificates.corp, ['ours', 'corp']],
    ['our own root', () => certificates.ours + certificates.corp, ['ours', 'corp']],
  ])('takes %s', (_, content, expected) => {
    const file = bundleOf(content());
    expect(subjects(file)).toEqual(expected);
    expect(readFileSync(file, 'utf8')).not.toContain('PRIVATE KEY');
    expect(warnings).toEqual([]);
  });

  it.each<[string, () => string | Buffer, string[], string]>([
    [
      'a truncated block before a good one, for which 2.1.197 drops all',
      () => certificates.corp.slice(0, 300) + certificates.other,
      ['ours', 'other'],
      '1 broken certificate',
    ],
    [
      'a block that is no certificate',
      () => `${certificates.corp}-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n`,
      ['ours', 'corp'],
      '1 broken certificate',
    ],
    ['garbage', () => 'not a certificate', ['ours'], 'holds no certificate'],
    ['an empty file', () => '', ['ours'], 'holds no certificate'],
    ['a key alone', () => key, ['ours'], 'holds no certificate'],
  ])('warns about %s and keeps the rest', (_, content, expected, warning) => {
    expect(subjects(bundleOf(content()))).toEqual(expected);
    expect(warnings).toEqual([expect.stringContaining(warning)]);
    expect(warnings[0]).toContain(join(home.dir, 'user-0.pem'));
  });

  it.each<[string, () => string, string]>([
    ['a missing file', () => join(home.dir, 'missing.pem'), 'ENOENT'],
    ['a directory', () => home.dir, 'is a directory'],
    [
      'a pipe, which could hang',
      () => {
        const file = join(home.dir, 'pipe');
        spawnSync('mkfifo', [file]);
        return file;
      },
      'is not a regular file',
    ],
    ['a list of files', () => '/a.pem:/b.pem', 'ENOENT'],
  ])('warns about %s and keeps ours', (_, file, warning) => {
    expect(subjects(bundleOfFiles(file()))).toEqual(['ours']);
    expect(warnings).toEqual([expect.stringContaining(warning)]);
  });

  it('merges every source in one file and reads each file once', () => {
    const file = join(home.dir, 'missing.pem');
    expect(subjects(bundleOf(certificates.corp, certificates.other))).toEqual(['ours', 'corp', 'other']);
    bundleOfFiles(file, file);
    expect(warnings).toHaveLength(1);
  });

  it('counts a relative path from the working directory, as Claude does', () => {
    writeFileSync(join(home.dir, 'corp.pem'), certificates.corp);
    expect(subjects(bundleOfFiles('corp.pem'))).toEqual(['ours', 'corp']);
  });

  it('keeps the person’s file as it is', () => {
    const file = join(home.dir, 'user-0.pem');
    bundleOf(`\uFEFF${certificates.corp}`);
    expect(readFileSync(file, 'utf8')).toBe(`\uFEFF${certificates.corp}`);
  });

  it('is readable by all, named by its inputs, and made once for each', () => {
    const first = bundleOf(certificates.corp);
    const { mode, ino } = statSync(first);
    expect(mode & 0o777).toBe(0o644);
    expect(dirname(first)).toBe(home.paths.launch);
    expect(basename(first)).toMatch(/^bundle-[0-9a-f]{16}\.pem$/);
    expect(bundleOf(certificates.corp)).toBe(first);
    expect(statSync(first).ino).toBe(ino);
    expect(bundleOf(certificates.other)).not.toBe(first);
    expect(subjects(first)).toEqual(['ours', 'corp']);
  });

  it('holds the roots alone when nobody names more', () => {
    expect(subjects(bundleOfFiles())).toEqual(['ours']);
  });

  it('leaves nothing else in the directory', () => {
    const file = bundleOf(certificates.corp);
    mkdirSync(home.paths.launch, { recursive: true });
    expect(spawnSync('ls', ['-A', home.paths.launch], { encoding: 'utf8' }).stdout).toBe(
      `${basename(file)}\n`,
    );
  });
});
