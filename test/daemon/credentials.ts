import { parseAuthority } from '../../src/certificate/authority.ts';
import { issueAuthority, issueIdentity } from '../../src/certificate/issue.ts';

const KEY = /-----BEGIN PRIVATE KEY-----[^-]*-----END PRIVATE KEY-----\n/;
const LONG_AGO = new Date(Date.now() - 365 * 86_400_000);

export interface Credentials {
  readonly key: string;
  readonly cert: string;
  /** PEM: the root behind them. */
  readonly roots: string;
}

export interface CredentialsOptions {
  /** The text of an authority.pem; a new one, unknown to anybody, without it. */
  authority?: string;
  names?: readonly string[];
  isExpired?: boolean;
}

/** Key and chain of a server, in the very form of ours. */
export function createCredentials(options: CredentialsOptions = {}): Credentials {
  const { names = ['localhost', '127.0.0.1'], isExpired = false } = options;
  const authority = parseAuthority(
    options.authority ?? issueAuthority(['localhost'], isExpired ? LONG_AGO : new Date()),
    new Date(),
  );
  if (typeof authority === 'string') throw new Error(authority);
  const identity = issueIdentity(authority, names, isExpired ? LONG_AGO : new Date());
  const [key = ''] = KEY.exec(identity) ?? [];
  return { key, cert: identity.replace(KEY, ''), roots: authority.rootPem };
}
