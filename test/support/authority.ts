import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Credentials {
  key: string;
  cert: string;
}

/** Somebody else's certificate authority (a company's, a stranger's), in openssl's hands. */
export interface Authority {
  readonly caFile: string;
  /** Signs a server certificate; names as in openssl: `DNS:localhost,IP:127.0.0.1`. */
  issue(names: string): Credentials;
}

const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];

const openssl = (...args: string[]): void => void execFileSync('openssl', args, { stdio: 'pipe' });

/** Makes a new root of that name in `directory`. */
export function createAuthority(directory: string, name: string): Authority {
  const file = (suffix: string): string => join(directory, `${name}-${suffix}`);
  const [caFile, caKey] = [file('ca.pem'), file('ca.key')];
  openssl(
    'req',
    '-x509',
    ...NEW_KEY,
    '-keyout',
    caKey,
    '-out',
    caFile,
    '-days',
    '30',
    '-subj',
    `/CN=${name} root`,
  );
  return {
    caFile,
    issue(names) {
      const [key, csr, cert, extensions] = [file('key'), file('csr'), file('pem'), file('ext')];
      writeFileSync(extensions, `subjectAltName=${names}\nextendedKeyUsage=serverAuth\n`);
      openssl('req', ...NEW_KEY, '-keyout', key, '-out', csr, '-subj', '/CN=server');
      const by = ['-CA', caFile, '-CAkey', caKey, '-CAcreateserial', '-extfile', extensions];
      openssl('x509', '-req', '-in', csr, '-out', cert, '-days', '20', ...by);
      return { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') };
    },
  };
}
