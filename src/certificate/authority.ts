/**
 * `certs/authority.pem`: the issuing key, the issuing certificate and the root, in one file so that no crash can
 * part them. The root's key was dropped when the root was made: nothing can ever be signed with it again.
 */
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { parsePem } from './pem.ts';
import { readPermittedNames } from './permitted-names.ts';

export interface Authority {
  readonly key: KeyObject;
  readonly issuing: X509Certificate;
  readonly root: X509Certificate;
  readonly rootPem: string;
  /** Issuing and root certificate: what follows the leaf in every chain. */
  readonly chainPem: string;
  /** The DNS subtrees this authority can vouch for. */
  readonly permittedNames: readonly string[];
}

/** How the problem begins that a clock set back is to blame for. */
export const NOT_YET = 'is not valid before';

const LABELS = 'PRIVATE KEY,CERTIFICATE,CERTIFICATE';

function readParts(text: string): Authority | undefined {
  const blocks = parsePem(text);
  if (blocks?.map((block) => block.label).join() !== LABELS) return undefined;
  const [key = '', issuing = '', root = ''] = blocks.map((block) => block.text);
  try {
    const certificate = new X509Certificate(issuing);
    return {
      key: createPrivateKey(key),
      issuing: certificate,
      root: new X509Certificate(root),
      rootPem: root,
      chainPem: issuing + root,
      permittedNames: readPermittedNames(certificate.raw),
    };
  } catch {
    return undefined;
  }
}

/**
 * Reads an authority and checks that its three parts belong together. Returns what is wrong with it, as the end
 * of a sentence that begins with the file's name, if they do not.
 */
export function parseAuthority(text: string, now: Date): Authority | string {
  const authority = readParts(text);
  if (!authority) return 'is damaged: not one private key and two certificates';
  const { key, issuing, root, permittedNames } = authority;
  if (!issuing.checkPrivateKey(key)) return 'is damaged: its key does not belong to its certificate';
  if (!root.verify(root.publicKey) || !issuing.verify(root.publicKey) || !issuing.ca || !root.ca) {
    return 'is damaged: its certificates do not form a chain';
  }
  // Only ours carry it; without it a stolen key could speak for every site that the person visits.
  if (permittedNames.length === 0) return 'was not made by claude-secure: it is not limited to local names';
  if (now < new Date(issuing.validFrom)) {
    return `${NOT_YET} ${new Date(issuing.validFrom).toISOString()} (is the clock right?)`;
  }
  if (now >= new Date(issuing.validTo)) return `expired on ${new Date(issuing.validTo).toISOString()}`;
  return authority;
}
