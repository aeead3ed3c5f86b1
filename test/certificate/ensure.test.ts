import { X509Certificate } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { localNames } from '../../src/certificate/addresses.ts';
import { parseAuthority } from '../../src/certificate/authority.ts';
import { type Certificates, ensureCertificate } from '../../src/certificate/ensure.ts';
import { covers, namesOf } from '../../src/certificate/identity.ts';
import { inspectCertificates } from '../../src/certificate/inspect.ts';
import { issueAuthority, issueIdentity } from '../../src/certificate/issue.ts';
import { parsePem } from '../../src/certificate/pem.ts';
import { renewCertificate } from '../../src/certificate/renew.ts';
import type { Failure } from '../../src/errors.ts';
import type { Paths } from '../../src/paths.ts';
import { createHome } from '../support/home.ts';

const DAY_MS = 86_400_000;
const NO_NAMES = { hostnames: [] };

const inDays = (days: number): Date => new Date(Date.now() + days * DAY_MS);

const read = (path: string): string => readFileSync(path, 'utf8');

const leafOf = (paths: Paths): X509Certificate => new X509Certificate(read(paths.serverCertificate));

/** Every file of the certs directory by name: what must not change. */
const snapshot = (paths: Paths): Record<string, string> =>
  Object.fromEntries(
    readdirSync(paths.certificates).map((name) => [name, read(`${paths.certificates}/${name}`)]),
  );

async function createCertificates(hostnames: string[] = []): Promise<{ paths: Paths; first: Certificates }> {
  const { paths } = createHome();
  return { paths, first: await ensureCertificate(paths, { hostnames }) };
}

const failureOf = (work: Promise<unknown>): Promise<Failure> =>
  work.then(
    () => {
      throw new Error('it succeeded');
    },
    (error: Failure) => error,
  );

/** Puts a server certificate in place that was made at `now`. */
function issueAt({ authority, identity }: Paths, now: Date): void {
  const parsed = parseAuthority(read(authority), new Date());
  if (typeof parsed === 'string') throw new Error(parsed);
  writeFileSync(identity, issueIdentity(parsed, localNames([]), now));
}

describe('ensureCertificate', () => {
  it('creates once and then reuses, writing nothing', async () => {
    const { paths, first } = await createCertificates();
    expect(first).toMatchObject({ outcome: 'created', reason: 'missing', notices: [] });
    expect(first.roots).toBe(read(paths.caBundle));
    expect(read(paths.gitignore)).toBe('*\n');
    const before = readdirSync(paths.certificates).map((name) => statSync(`${paths.certificates}/${name}`));
    const second = await ensureCertificate(paths, NO_NAMES);
    expect(second).toEqual({ outcome: 'reused', roots: first.roots, report: first.report, notices: [] });
    const after = readdirSync(paths.certificates).map((name) => statSync(`${paths.certificates}/${name}`));
    expect(after.map(({ ino, mtimeMs }) => [ino, mtimeMs])).toEqual(
      before.map(({ ino, mtimeMs }) => [ino, mtimeMs]),
    );
  });

  it('serves every name it reports', async () => {
    const { paths, first } = await createCertificates(['nas.example.org', '2001:db8::7', '198.51.100.9']);
    expect(first.report.names).toEqual(
      expect.arrayContaining([
        'localhost',
        '127.0.0.1',
        '::1',
        'nas.example.org',
        '2001:db8::7',
        '198.51.100.9',
      ]),
    );
    const leaf = leafOf(paths);
    expect(first.report.names.filter((name) => !covers(leaf, name))).toEqual([]);
    expect(namesOf(leaf)).toEqual(first.report.names);
  });

  it.each(['serverCertificate', 'caBundle'] as const)('repairs a missing or changed %s', async (file) => {
    const { paths, first } = await createCertificates();
    const whole = read(paths[file]);
    for (const damage of [undefined, '', whole.slice(0, 100), `${whole}junk`]) {
      if (damage === undefined) rmSync(paths[file]);
      else writeFileSync(paths[file], damage);
      const { outcome, report } = await ensureCertificate(paths, NO_NAMES);
      expect([outcome, report.serverSha256]).toEqual(['reused', first.report.serverSha256]);
      expect(read(paths[file])).toBe(whole);
    }
  });
});

describe('R4: a bad or near-expiry server certificate is issued anew under the same authority', () => {
  const damages: Record<
    string,
    { reason: string; damage?: (paths: Paths) => Promise<void> | void; days?: number }
  > = {
    lost: { reason: 'missing', damage: ({ identity }) => rmSync(identity) },
    empty: { reason: 'damaged', damage: ({ identity }) => writeFileSync(identity, '') },
    junk: { reason: 'damaged', damage: ({ identity }) => writeFileSync(identity, '\0\xff junk') },
    truncated: {
      reason: 'damaged',
      damage: ({ identity }) => writeFileSync(identity, read(identity).slice(0, -30)),
    },
    'without its key': {
      reason: 'damaged',
      damage: ({ identity, serverCertificate }) => writeFileSync(identity, read(serverCertificate)),
    },
    'whole PEM blocks of junk': {
      reason: 'damaged',
      damage: ({ identity }) => writeFileSync(identity, read(identity).replaceAll(/^M.*$/gm, 'AAAA')),
    },
    "another key's": {
      reason: 'wrong key',
      async damage({ identity }) {
        const other = await createCertificates();
        const [key] = parsePem(read(other.paths.identity)) ?? [];
        writeFileSync(identity, read(identity).replace(/^[\s\S]*?END PRIVATE KEY-----\n/, key?.text ?? ''));
      },
    },
    "another installation's": {
      reason: 'foreign',
      async damage({ identity }) {
        const other = await createCertificates();
        writeFileSync(identity, read(other.paths.identity));
      },
    },
    "another installation's leaf under our chain": {
      reason: 'foreign',
      async damage({ identity, authority }) {
        const other = await createCertificates();
        const [key, leaf] = parsePem(read(other.paths.identity)) ?? [];
        const [, issuing, root] = parsePem(read(authority)) ?? [];
        writeFileSync(identity, [key, leaf, issuing, root].map((block) => block?.text).join(''));
      },
    },
    expired: { reason: 'expired', damage: (paths) => issueAt(paths, inDays(-91)) },
    'near expiry': { reason: 'near expiry', damage: (paths) => issueAt(paths, inDays(-61)) },
    'from the future': { reason: 'not yet valid', damage: (paths) => issueAt(paths, inDays(3)) },
  };

  it.each(Object.entries(damages))('%s', async (_, { reason, damage }) => {
    const { paths, first } = await createCertificates();
    const authority = read(paths.authority);
    await damage?.(paths);
    const renewed = await ensureCertificate(paths, NO_NAMES);
    expect(renewed).toMatchObject({ outcome: 'renewed', reason, roots: first.roots });
    expect(renewed.report.serverSha256).not.toBe(first.report.serverSha256);
    expect(renewed.report.rootSha256).toBe(first.report.rootSha256);
    expect(read(paths.authority)).toBe(authority);
    expect((await ensureCertificate(paths, NO_NAMES)).outcome).toBe('reused');
  });

  it('not before two thirds of its life are over', async () => {
    const { paths } = await createCertificates();
    issueAt(paths, inDays(-59));
    expect((await ensureCertificate(paths, NO_NAMES)).outcome).toBe('reused');
  });

  it('never longer than its issuer, and not again and again at its issuer’s end', async () => {
    const { paths } = await createCertificates();
    writeFileSync(paths.authority, issueAuthority(['localhost', 'local'], inDays(-3_640)));
    const { outcome, report, notices } = await ensureCertificate(paths, NO_NAMES);
    expect(outcome).toBe('renewed');
    const [, issuing] = parsePem(read(paths.serverCertificate)) ?? [];
    expect(Date.parse(report.notAfter)).toBe(Date.parse(new X509Certificate(issuing?.text ?? '').validTo));
    expect(notices).toEqual([expect.stringContaining('the root certificate ends on')]);
    issueAt(paths, inDays(-85));
    expect((await ensureCertificate(paths, NO_NAMES)).outcome).toBe('renewed');
    expect((await ensureCertificate(paths, NO_NAMES)).outcome).toBe('reused');
  });

  it('when a name is added, but not when one is no longer wanted', async () => {
    const { paths } = await createCertificates(['nas.example.org']);
    expect((await ensureCertificate(paths, NO_NAMES)).outcome).toBe('reused');
    const hostnames = ['nas.example.org', 'deep.nas.example.org', '203.0.113.5'];
    const renewed = await ensureCertificate(paths, { hostnames });
    expect(renewed).toMatchObject({ outcome: 'renewed', reason: 'missing name' });
    expect(renewed.report.names).toEqual(expect.arrayContaining(hostnames));
  });

  it('R2: leaves a name outside the authority’s limit out, says so, and keeps serving', async () => {
    const { paths } = await createCertificates();
    const result = await ensureCertificate(paths, { hostnames: ['nas.example.org'] });
    expect(result.outcome).toBe('reused');
    expect(result.report.names).not.toContain('nas.example.org');
    expect(result.notices).toEqual([expect.stringMatching(/leaves out nas\.example\.org.*new root/)]);
  });
});

describe('R4: a bad authority stops the start and is never replaced', () => {
  const splice = (text: string, index: number, replacement: string): string =>
    (parsePem(text) ?? []).map((block, at) => (at === index ? replacement : block.text)).join('');
  const made = (days: number, permitted: string[]): string => issueAuthority(permitted, inDays(days));

  const damages: Record<
    string,
    { says: RegExp; damage(text: string, other: string): string | undefined; days?: number }
  > = {
    lost: { says: /is missing, though/, damage: () => undefined },
    empty: { says: /is damaged/, damage: () => '' },
    junk: { says: /is damaged/, damage: () => 'junk\n' },
    truncated: { says: /is damaged/, damage: (text) => text.slice(0, -30) },
    'without its root': { says: /is damaged/, damage: (text) => splice(text, 2, '') },
    'with another key': {
      says: /key does not belong/,
      damage: (text, other) => splice(text, 0, parsePem(other)?.[0]?.text ?? ''),
    },
    'with another root': {
      says: /do not form a chain/,
      damage: (text, other) => splice(text, 2, parsePem(other)?.[2]?.text ?? ''),
    },
    'not limited to local names': { says: /not made by claude-secure/, damage: () => made(0, []) },
    expired: { says: /expired on 20/, damage: () => made(-3_650, ['localhost']) },
    'from the future': { says: /is not valid before/, damage: () => made(3, ['localhost']) },
  };

  it.each(Object.entries(damages))('%s', async (name, { says, damage }) => {
    const { paths } = await createCertificates();
    const other = await createCertificates();
    const text = damage(read(paths.authority), read(other.paths.authority));
    if (text === undefined) rmSync(paths.authority);
    else writeFileSync(paths.authority, text);
    const before = snapshot(paths);
    for (const run of [ensureCertificate, renewCertificate]) {
      const failure = await failureOf(run(paths, NO_NAMES));
      expect(failure).toMatchObject({ code: 'CERTIFICATE_UNUSABLE', message: expect.stringMatching(says) });
      expect(failure.message).toContain(paths.authority);
      const cure =
        name === 'from the future'
          ? 'correct the clock'
          : `mv "${paths.certificates}" "${paths.certificates}.old"`;
      expect(failure.hint).toContain(cure);
    }
    expect(snapshot(paths)).toEqual(before);
  });

  it('at whatever byte it is cut', async () => {
    const { paths } = await createCertificates();
    const text = read(paths.authority);
    for (let length = 0; length < text.length; length++) {
      expect(parseAuthority(text.slice(0, length), new Date())).toMatch(/^is damaged/);
    }
  });
});

describe('renewCertificate', () => {
  it('replaces a good server certificate under the same root', async () => {
    const { paths, first } = await createCertificates();
    const renewed = await renewCertificate(paths, NO_NAMES);
    expect(renewed).toMatchObject({ outcome: 'renewed', reason: 'requested', roots: first.roots });
    expect(renewed.report.serverSha256).not.toBe(first.report.serverSha256);
    expect(leafOf(paths).fingerprint256).toBe(renewed.report.serverSha256);
  });

  it('creates everything where nothing is', async () => {
    expect(await renewCertificate(createHome().paths, NO_NAMES)).toMatchObject({ outcome: 'created' });
  });
});

describe('inspectCertificates', () => {
  it('tells what ensureCertificate told, and nothing before there are any', async () => {
    const { paths } = createHome();
    expect(inspectCertificates(paths)).toBeUndefined();
    expect(existsSync(paths.root)).toBe(false);
    const { report } = await ensureCertificate(paths, NO_NAMES);
    expect(inspectCertificates(paths)).toEqual(report);
  });

  it('counts the days that are left', async () => {
    const { paths } = await createCertificates();
    const daysLeft = [0, -30, -91].map((days) => {
      issueAt(paths, inDays(days));
      return inspectCertificates(paths)?.daysLeft;
    });
    expect(daysLeft).toEqual([89, 59, -2]);
  });

  it('names a damaged identity and the command that mends it', async () => {
    const { paths } = await createCertificates();
    writeFileSync(paths.identity, 'junk');
    const failure = await failureOf((async () => inspectCertificates(paths))());
    expect(failure).toMatchObject({ code: 'CERTIFICATE_UNUSABLE', hint: 'claude-secure cert renew' });
    expect(failure.message).toContain(paths.identity);
  });
});
