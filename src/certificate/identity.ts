/** `certs/identity.pem`: the server's key with its whole chain, in one file so that no crash can part them. */
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { canonicalAddress, isAddress } from './addresses.ts';
import { parsePem } from './pem.ts';

export interface Identity {
  readonly key: KeyObject;
  readonly leaf: X509Certificate;
  /** The certificates that follow the leaf. */
  readonly issuersPem: string;
  /** Leaf and issuers: `certs/server.pem`. */
  readonly chainPem: string;
}

const LABELS = 'PRIVATE KEY,CERTIFICATE,CERTIFICATE,CERTIFICATE';

/** Reads an identity; undefined for whatever is not a whole one (truncated, junk). Checks no signature. */
export function parseIdentity(text: string): Identity | undefined {
  const blocks = parsePem(text);
  if (blocks?.map((block) => block.label).join() !== LABELS) return undefined;
  const [key = '', leaf = '', issuing = '', root = ''] = blocks.map((block) => block.text);
  try {
    return {
      key: createPrivateKey(key),
      leaf: new X509Certificate(leaf),
      issuersPem: issuing + root,
      chainPem: leaf + issuing + root,
    };
  } catch {
    return undefined;
  }
}

/** Whether the certificate names this very name or address; wildcards and the subject do not count. */
export function covers(leaf: X509Certificate, name: string): boolean {
  if (isAddress(name)) return leaf.checkIP(name) !== undefined;
  return leaf.checkHost(name, { subject: 'never', wildcards: false }) !== undefined;
}

/** The names and addresses of the certificate, addresses in their usual spelling. */
export function namesOf(leaf: X509Certificate): string[] {
  const entries = leaf.subjectAltName?.split(', ') ?? [];
  return entries.map((entry) => {
    const name = entry.slice(entry.indexOf(':') + 1);
    return isAddress(name) ? canonicalAddress(name) : name;
  });
}
