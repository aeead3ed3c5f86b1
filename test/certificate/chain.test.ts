import uws from 'uWebSockets.js';
import { execFileSync } from 'node:child_process';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import { type AddressInfo, isIP } from 'node:net';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { connect, type DetailedPeerCertificate } from 'node:tls';
import { describe, expect, it, onTestFinished } from 'vitest';
import { ensureCertificate } from '../../src/certificate/ensure.ts';
import { issueAuthority } from '../../src/certificate/issue.ts';
import { formatPem, parsePem } from '../../src/certificate/pem.ts';
import { readPermittedNames } from '../../src/certificate/permitted-names.ts';
import { signLeaf } from '../support/evil-leaf.ts';
import { FORGERIES } from '../support/forged-leaves.ts';
import { createHome, type Home } from '../support/home.ts';

const DAY_MS = 86_400_000;
const CERTIFICATE = 'CERTIFICATE';

async function createChain(hostnames: string[] = []) {
  const home = createHome();
  const { roots } = await ensureCertificate(home.paths, { hostnames });
  const pems = (parsePem(readFileSync(home.paths.serverCertificate, 'utf8')) ?? []).map(({ text }) => text);
  const [leaf, issuing, root] = pems.map((pem) => new X509Certificate(pem)) as [
    X509Certificate,
    X509Certificate,
    X509Certificate,
  ];
  return { home, roots, pems, leaf, issuing, root };
}

const asText = (pem: string): string =>
  execFileSync('openssl', ['x509', '-noout', '-text'], { input: pem, encoding: 'utf8' });

/** `openssl verify -x509_strict`: its output, or why it refuses. */
function verifyStrictly({ paths }: Home, chainFile: string, check: readonly string[]): string {
  const files = ['-CAfile', paths.caBundle, '-untrusted', chainFile];
  try {
    return execFileSync(
      'openssl',
      ['verify', '-x509_strict', '-purpose', 'sslserver', ...files, ...check, chainFile],
      { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] },
    );
  } catch (error) {
    return String((error as { stderr: string }).stderr);
  }
}

/** The peer's chain as Node's own TLS accepted it for `servername`; rejects with Node's reason. */
function handshake(port: number, ca: string, servername: string): Promise<X509Certificate[]> {
  return new Promise((resolve, reject) => {
    const identity = isIP(servername) ? { host: servername } : { servername };
    const socket = connect({ host: '127.0.0.1', port, ca, ...identity }, () => {
      const chain: X509Certificate[] = [];
      let next: DetailedPeerCertificate | undefined = socket.getPeerCertificate(true);
      while (next && !chain.some((known) => known.fingerprint256 === next?.fingerprint256)) {
        chain.push(new X509Certificate(formatPem(CERTIFICATE, next.raw)));
        next = next.issuerCertificate;
      }
      socket.destroy();
      resolve(chain);
    });
    socket.on('error', reject);
  });
}

async function serveHttps(key: string, cert: string): Promise<number> {
  const server: Server = createServer({ key, cert });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

function serveUws(file: string): Promise<number> {
  return new Promise((resolve, reject) => {
    uws.SSLApp({ key_file_name: file, cert_file_name: file }).listen('127.0.0.1', 0, (socket) => {
      if (!socket) return reject(new Error('uWebSockets.js does not listen'));
      onTestFinished(() => uws.us_listen_socket_close(socket));
      resolve(uws.us_socket_local_port(socket));
    });
  });
}

describe('R2: the chain', () => {
  it('is three EC P-256 certificates, each within its life', async () => {
    const { leaf, issuing, root } = await createChain();
    for (const certificate of [leaf, issuing, root]) {
      expect(certificate.publicKey.asymmetricKeyDetails?.namedCurve).toBe('prime256v1');
      expect(Date.now() - Date.parse(certificate.validFrom)).toBeGreaterThanOrEqual(DAY_MS);
      // 16 bytes, positive, no leading zero.
      expect(certificate.serialNumber).toMatch(/^[4-7][0-9A-F]{31}$/);
    }
    const lifeDays = ({ validFrom, validTo }: X509Certificate): number =>
      (Date.parse(validTo) - Date.parse(validFrom)) / DAY_MS;
    expect(lifeDays(root)).toBeLessThanOrEqual(3_652);
    expect(lifeDays(leaf)).toBeLessThanOrEqual(91);
    expect(Date.parse(issuing.validTo)).toBeLessThan(Date.parse(root.validTo));
    expect(new Set([leaf, issuing, root].map(({ serialNumber }) => serialNumber)).size).toBe(3);
    expect([leaf.ca, issuing.ca, root.ca]).toEqual([false, true, true]);
  });

  it('limits root and issuing certificate to local DNS names, critically, and to no address', async () => {
    const { pems, issuing, root } = await createChain(['nas.example.org', '192.0.2.77']);
    for (const certificate of [issuing, root]) {
      expect(readPermittedNames(certificate.raw)).toEqual(
        expect.arrayContaining([
          'localhost',
          'local',
          'lan',
          'home.arpa',
          'internal',
          'test',
          'nas.example.org',
        ]),
      );
    }
    for (const pem of pems.slice(1)) {
      const text = asText(pem);
      expect(text).toMatch(/X509v3 Name Constraints: critical\s+Permitted:\s+DNS:localhost/);
      expect(text.match(/Permitted:[^:]*?IP/)).toBeNull();
      expect(text).not.toContain('IP:');
      expect(text).toMatch(/X509v3 Key Usage: critical\s+Certificate Sign, CRL Sign\n/);
    }
    expect(asText(pems[1] ?? '')).toContain('CA:TRUE, pathlen:0');
    expect(asText(pems[2] ?? '')).toContain('CA:TRUE, pathlen:1');
  });

  it('gives the leaf serverAuth only, and no wildcard', async () => {
    const { pems } = await createChain();
    const text = asText(pems[0] ?? '');
    expect(text).toMatch(/X509v3 Basic Constraints: critical\s+CA:FALSE\n/);
    expect(text).toMatch(/X509v3 Key Usage: critical\s+Digital Signature\n/);
    expect(text).toMatch(/X509v3 Extended Key Usage: \s+TLS Web Server Authentication\n/);
    expect(text).not.toContain('*');
  });

  it('names every subject in UTF-8, and each root differently', async () => {
    const first = await createChain();
    const second = await createChain();
    expect(first.root.subject).toMatch(/^CN=claude-secure root .*\d{4}-\d\d-\d\d-[0-9a-f]{8}$/);
    expect(first.root.subject).not.toBe(second.root.subject);
    const types = execFileSync('openssl', ['asn1parse'], { input: first.pems.join(''), encoding: 'utf8' });
    expect(types).not.toContain('PRINTABLESTRING');
  });

  it('ends past 2049 in the form RFC 5280 4.1.2.5 wants', () => {
    const [, , root] = parsePem(issueAuthority(['localhost'], new Date('2045-06-01T00:00:00Z'))) ?? [];
    expect(new Date(new X509Certificate(root?.text ?? '').validTo).toISOString()).toBe(
      '2055-05-30T00:00:00.000Z',
    );
    const dump = execFileSync('openssl', ['asn1parse'], { input: root?.text, encoding: 'utf8' });
    expect(dump).toMatch(/UTCTIME\s+:450531000000Z/);
    expect(dump).toMatch(/GENERALIZEDTIME\s+:20550530000000Z/);
  });

  it('passes openssl verify -x509_strict by name and by address', async () => {
    const { home } = await createChain();
    const file = home.paths.serverCertificate;
    for (const check of [
      ['-verify_hostname', 'localhost'],
      ['-verify_ip', '127.0.0.1'],
      ['-verify_ip', '::1'],
    ]) {
      expect(verifyStrictly(home, file, check)).toBe(`${file}: OK\n`);
    }
  });

  it('never has the key of the root, nor any key in a public file', async () => {
    const { home, root, issuing, leaf } = await createChain();
    const keys = (path: string): string[] =>
      (parsePem(readFileSync(path, 'utf8')) ?? [])
        .filter((block) => block.label.includes('KEY'))
        .map((block) => block.text);
    const { authority, identity, serverCertificate, caBundle } = home.paths;
    expect([...keys(serverCertificate), ...keys(caBundle)]).toEqual([]);
    const all = [...keys(authority), ...keys(identity)].map((pem) => createPrivateKey(pem));
    expect(all.map((key) => root.checkPrivateKey(key))).toEqual([false, false]);
    expect([issuing.checkPrivateKey(all[0]!), leaf.checkPrivateKey(all[1]!)]).toEqual([true, true]);
  });
});

describe('one identity file for key and chain', () => {
  it.each(['https', 'uws'])('is served whole by %s and accepted by name and by address', async (engine) => {
    const { home, roots, leaf, issuing, root } = await createChain();
    const text = readFileSync(home.paths.identity, 'utf8');
    const port = engine === 'uws' ? await serveUws(home.paths.identity) : await serveHttps(text, text);
    for (const name of ['localhost', '127.0.0.1']) {
      const served = await handshake(port, roots, name);
      expect(served.map(({ fingerprint256 }) => fingerprint256)).toEqual(
        [leaf, issuing, root].map(({ fingerprint256 }) => fingerprint256),
      );
    }
  });
});

describe('R2: whoever stole the issuing key', () => {
  const evil = FORGERIES.filter(({ host }) => host !== 'good.test');

  it.each(evil)('cannot pass off $about', async ({ host, ...content }) => {
    const { home, roots } = await createChain();
    const { key, chain } = signLeaf(readFileSync(home.paths.authority, 'utf8'), content);
    const port = await serveHttps(key, chain);
    for (const name of [host, 'localhost']) {
      await expect(handshake(port, roots, name)).rejects.toThrow();
    }
    const file = join(home.dir, 'evil.pem');
    writeFileSync(file, chain);
    expect(verifyStrictly(home, file, ['-verify_hostname', host])).toContain('verification failed');
  });

  it('can still sign what is permitted: the test above refuses for the right reason', async () => {
    const { home, roots } = await createChain();
    const names = ['localhost', `${hostname().toLowerCase().split('.')[0]}.local`];
    const { key, chain } = signLeaf(readFileSync(home.paths.authority, 'utf8'), { commonName: 'x', names });
    const port = await serveHttps(key, chain);
    for (const name of names) await expect(handshake(port, roots, name)).resolves.toHaveLength(3);
  });
});
