import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Credentials {
  key: string;
  cert: string;
}

export interface CertificateRequest {
  /** Tells the files of this certificate from others. */
  label?: string;
  /** `subjectAltName` in openssl's words: `DNS:localhost,IP:127.0.0.1`. */
  names: string;
  commonName?: string;
}

/** A certificate authority in openssl's hands: somebody else's, or ours after its key was stolen. */
export interface Authority {
  /** Signs a server certificate; `cert` is the chain to serve, without the root. */
  issue(request: CertificateRequest): Credentials;
  /** Signs another authority below this one. */
  issueAuthority(): Authority;
}

const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];

const openssl = (...args: string[]): void => void execFileSync('openssl', args, { stdio: 'pipe' });

interface Signer {
  directory: string;
  name: string;
  /** PEM files: the key, and the certificate chain that begins with its own certificate. */
  keyFile: string;
  chainFile: string;
  /** What a server sends behind its own certificate. */
  intermediates: string;
}

function sign(signer: Signer, label: string, commonName: string, extensions: string): [string, string] {
  const file = (suffix: string): string => join(signer.directory, `${signer.name}-${label}.${suffix}`);
  writeFileSync(file('ext'), extensions);
  openssl('req', ...NEW_KEY, '-keyout', file('key'), '-out', file('csr'), '-subj', `/CN=${commonName}`);
  const by = [
    '-CA',
    signer.chainFile,
    '-CAkey',
    signer.keyFile,
    '-CAcreateserial',
    '-CAserial',
    file('serial'),
  ];
  openssl(
    'x509',
    '-req',
    '-in',
    file('csr'),
    '-out',
    file('pem'),
    '-days',
    '20',
    '-extfile',
    file('ext'),
    ...by,
  );
  return [file('key'), file('pem')];
}

function authorityOf(signer: Signer): Authority {
  return {
    issue({ label = 'server', names, commonName = 'server' }) {
      const extensions = `subjectAltName=${names}\nbasicConstraints=CA:FALSE\nextendedKeyUsage=serverAuth\n`;
      const [key, cert] = sign(signer, label, commonName, extensions);
      return { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') + signer.intermediates };
    },
    issueAuthority() {
      const extensions = 'basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\n';
      const [keyFile, chainFile] = sign(signer, 'sub', `${signer.name} sub`, extensions);
      const intermediates = readFileSync(chainFile, 'utf8') + signer.intermediates;
      return authorityOf({ ...signer, name: `${signer.name}-sub`, keyFile, chainFile, intermediates });
    },
  };
}

/** Makes a new root of that name in `directory`. */
export function createAuthority(directory: string, name: string): Authority & { caFile: string } {
  const caFile = join(directory, `${name}-ca.pem`);
  const keyFile = join(directory, `${name}-ca.key`);
  const subject = ['-subj', `/CN=${name} root`];
  openssl('req', '-x509', ...NEW_KEY, '-keyout', keyFile, '-out', caFile, '-days', '30', ...subject);
  return { caFile, ...authorityOf({ directory, name, keyFile, chainFile: caFile, intermediates: '' }) };
}

/** Takes an `authority.pem` of ours, as a thief would; what it signs is written to `directory`. */
export function stealAuthority(directory: string, authorityFile: string): Authority {
  const [issuing = ''] = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----\n/.exec(
    readFileSync(authorityFile, 'utf8'),
  ) ?? [''];
  const chainFile = join(directory, 'stolen-chain.pem');
  writeFileSync(chainFile, issuing);
  return authorityOf({
    directory,
    name: 'stolen',
    keyFile: authorityFile,
    chainFile,
    intermediates: issuing,
  });
}
