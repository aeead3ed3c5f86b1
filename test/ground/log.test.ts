import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { formatLine, type Log, type LogLevel, openLog, redact } from '../../src/log.ts';

function createLog(level: LogLevel = 'info', maxBytes?: number): { file: string; dir: string; log: Log } {
  const dir = mkdtempSync(join(tmpdir(), 'claude-secure-log-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  const file = join(dir, 'daemon.log');
  const log = openLog(file, level, maxBytes);
  onTestFinished(() => log.close());
  return { dir, file, log };
}

const eventsIn = (file: string): string[] =>
  readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line).event);

describe('a line', () => {
  it('R56: whatever is in it, is one line of printable ASCII that is JSON and means the same', () => {
    const text = fc.string({ unit: 'binary', maxLength: 200 });
    fc.assert(
      fc.property(text, text, (event, value) => {
        const line = formatLine('info', event, { value }, new Date(0));
        expect(line).toMatch(/^[\x20-\x7e]+\n$/);
        const entry = JSON.parse(line);
        expect(entry.event).toBe(event);
        expect(entry.value).toBe(redact(value.slice(0, 1_000)));
      }),
    );
  });

  it.each([
    ['a forged line', 'x\n{"level":"info","event":"token.issued"}'],
    ['a carriage return', 'x\rdaemon.started'],
    ['a cursor move', '\u001b[2J\u001b[1A'],
    ['a C1 control', '\u009b31m'],
    ['bidirectional text', '\u202egnp.exe'],
    ['a line separator', 'a\u2028b\u2029c'],
  ])('R56: %s stays inside its value', (_, value) => {
    const line = formatLine('info', 'http.request', { path: value }, new Date(0));
    expect(line.split('\n')).toHaveLength(2);
    expect(line).toMatch(/^[\x20-\x7e]+\n$/);
    expect(JSON.parse(line).path).toBe(value);
  });
});

describe('redaction', () => {
  const canary = randomBytes(32).toString('base64url');
  const jwt = `eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJjYW5hcnkifQ.${randomBytes(64).toString('base64url')}`;
  it.each([
    ['an owner secret', canary, canary],
    ['an owner secret in a sentence', `got ${canary}, refused`, canary],
    ['a JWT', `token ${jwt} expired`, jwt.slice(-40)],
    ['the start of a JWT', jwt.slice(0, 40), 'eyJzdWIi'],
    ['a bearer header', 'Authorization: Bearer c4n4ry-short', 'c4n4ry'],
    ['a bearer header in capitals', 'AUTHORIZATION: BEARER c4n4ry-short', 'c4n4ry'],
    ['a basic header', 'authorization: Basic YzpjNG40cnk=', 'YzpjNG40cnk='],
    ['a code in a query', '/callback?code=c4n4ry&x=1', 'c4n4ry'],
    ['a verifier', 'grant_type=authorization_code&code_verifier=c4n4ry', 'c4n4ry'],
    ['a refresh token', 'refresh_token=c4n4ry&client_id=a', 'c4n4ry'],
    ['a client secret', 'client_secret=c4n4ry', 'c4n4ry'],
    ['a state', 'state=c4n4ry', 'c4n4ry'],
  ])('R55: cuts out %s', (_, text, secret) => {
    expect(redact(text)).not.toContain(secret);
    expect(formatLine('info', 'event', { text }, new Date(0))).not.toContain(secret);
  });

  it.each([
    '/mcp?x=1',
    'claude-secure 0.1.0 on port 8443',
    '3f2504e0-4f89-11d3-9a0c-0305e82c3301',
    'sha256 of 64 hex digits: e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  ])('leaves %s as it is', (text) => {
    expect(redact(text)).toBe(text);
  });
});

describe('openLog', () => {
  it.each<[LogLevel, string[]]>([
    ['error', ['e']],
    ['info', ['e', 'i']],
    ['debug', ['e', 'i', 'd']],
  ])('at level %s writes %j', (level, events) => {
    const { file, log } = createLog(level);
    log.error('e');
    log.info('i');
    log.debug('d');
    expect(eventsIn(file)).toEqual(events);
  });

  it('R56: rotates by size, keeps three files, all 0600, and loses no line between two of them', () => {
    const { file, dir, log } = createLog('info', 1_000);
    for (let index = 0; index < 200; index++) log.info(`event-${index}`);
    const names = [`${file}.2`, `${file}.1`, file];
    const events = names.flatMap(eventsIn);
    expect(events.at(-1)).toBe('event-199');
    const first = 200 - events.length;
    expect(events).toEqual(Array.from({ length: events.length }, (_, index) => `event-${first + index}`));
    for (const name of names) {
      expect(statSync(name).mode & 0o777).toBe(0o600);
      expect(statSync(name).size).toBeLessThan(1_200);
    }
    expect(existsSync(`${file}.3`)).toBe(false);
    expect(dir).toBeTruthy();
  });

  it('writes to no other file once its own cannot be had any more, or is closed', () => {
    const { dir, log } = createLog('info', 100);
    log.info('fills the file up to its limit, so that the next line rotates it', { text: 'x'.repeat(100) });
    rmSync(dir, { recursive: true });
    log.info('rotates');
    // It gets the lowest free number: the one that the log has just given back.
    const victim = `${dir}-victim`;
    const descriptor = openSync(victim, 'w');
    onTestFinished(() => rmSync(victim));
    onTestFinished(() => closeSync(descriptor));
    log.info('must not land there');
    log.close();
    log.info('nor this');
    expect(readFileSync(victim, 'utf8')).toBe('');
  });

  it('appends to what the last daemon wrote', () => {
    const { file, log } = createLog();
    log.info('first');
    const second = openLog(file, 'info');
    onTestFinished(() => second.close());
    second.info('second');
    expect(eventsIn(file)).toEqual(['first', 'second']);
  });

  it('R56: a full disk drops lines, throws nothing, and the next line that fits says how many', () => {
    const dir = mkdtempSync(join(tmpdir(), 'claude-secure-log-'));
    onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
    expect(spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k,mode=0700', 'tmpfs', dir]).status).toBe(0);
    onTestFinished(() => expect(spawnSync('umount', [dir]).status).toBe(0));
    const ballast = join(dir, 'ballast');
    const file = join(dir, 'daemon.log');
    const log = openLog(file, 'info');
    log.info('before');
    expect(() => writeFileSync(ballast, 'x'.repeat(100_000))).toThrow('ENOSPC');
    for (let index = 0; index < 20; index++) log.info('lost', { value: 'x'.repeat(900) });
    rmSync(ballast);
    log.info('after');
    log.close();
    const lines = readFileSync(file, 'utf8').trim().split('\n');
    const last = JSON.parse(lines.at(-1) ?? '');
    expect(last.event).toBe('after');
    expect(last.dropped).toBeGreaterThan(10);
  });

  it('R56: refuses a symlink and a file that others may write', () => {
    const { dir } = createLog();
    const link = join(dir, 'link');
    symlinkSync('/etc/passwd', link);
    const open = join(dir, 'open');
    writeFileSync(open, '');
    chmodSync(open, 0o666);
    for (const file of [link, open]) {
      expect(() => openLog(file, 'info')).toThrow(expect.objectContaining({ code: 'FILE_UNSAFE' }));
    }
  });
});
