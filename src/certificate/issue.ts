/** Makes keys and certificates (design 8). */
import { generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto';
import { hostname, userInfo } from 'node:os';
import { limits } from '../limits.ts';
import type { Authority } from './authority.ts';
import { authorityExtensions, keyIdentifiers, serverExtensions } from './extensions.ts';
import { distinguishedName, readSubject, signCertificate } from './sign-certificate.ts';

const DAY_MS = 86_400_000;

const generateKey = (): { publicKey: KeyObject; privateKey: KeyObject } =>
  generateKeyPairSync('ec', { namedCurve: 'P-256' });

const exportKey = (key: KeyObject): string => key.export({ type: 'pkcs8', format: 'pem' }) as string;

/** A day back, so that a clock that runs late, or is set back a little, does not refuse a new certificate. */
const backdated = (now: Date): Date => new Date(now.getTime() - DAY_MS);

const daysAfter = (now: Date, days: number): Date => new Date(now.getTime() + days * DAY_MS);

/** Who and where, for the person who meets the root in a certificate list. */
function ownerLabel(): string {
  let user = 'user';
  try {
    user = userInfo().username;
  } catch {
    // A container's uid without a passwd entry has no name.
  }
  // X.520 caps a CN at 64 characters; the words around this take 39.
  return [...`${user}@${hostname()}`].slice(0, 25).join('');
}

/**
 * A new authority as the text of `authority.pem`: issuing key, issuing certificate, root. Both certificates are
 * limited to the DNS subtrees `permitted`: on the root alone, Apple's verifier would not look (design 8).
 * The root's key exists only inside this call.
 */
export function issueAuthority(permitted: readonly string[], now: Date): string {
  const root = generateKey();
  const issuing = generateKey();
  const id = randomBytes(4).toString('hex');
  const rootName = distinguishedName(
    `claude-secure root ${ownerLabel()} ${now.toISOString().slice(0, 10)}-${id}`,
  );
  const notBefore = backdated(now);
  const rootPem = signCertificate(
    {
      subject: rootName,
      publicKey: root.publicKey,
      issuer: rootName,
      notBefore,
      notAfter: daysAfter(now, limits.rootDays),
      extensions: [...authorityExtensions(1, permitted), ...keyIdentifiers(root.publicKey, root.publicKey)],
    },
    root.privateKey,
  );
  const issuingPem = signCertificate(
    {
      subject: distinguishedName(`claude-secure issuing ${id}`),
      publicKey: issuing.publicKey,
      issuer: rootName,
      notBefore,
      notAfter: daysAfter(now, limits.rootDays - 1),
      extensions: [
        ...authorityExtensions(0, permitted),
        ...keyIdentifiers(issuing.publicKey, root.publicKey),
      ],
    },
    root.privateKey,
  );
  return exportKey(issuing.privateKey) + issuingPem + rootPem;
}

/** A new server key and certificate under the authority, as the text of `identity.pem`. */
export function issueIdentity(authority: Authority, names: readonly string[], now: Date): string {
  const { publicKey, privateKey } = generateKey();
  const issuingEnd = Date.parse(authority.issuing.validTo);
  const leaf = signCertificate(
    {
      subject: distinguishedName('claude-secure server'),
      publicKey,
      issuer: readSubject(authority.issuing.raw),
      notBefore: backdated(now),
      notAfter: new Date(Math.min(daysAfter(now, limits.serverDays).getTime(), issuingEnd)),
      extensions: [...serverExtensions(names), ...keyIdentifiers(publicKey, authority.issuing.publicKey)],
    },
    authority.key,
  );
  return exportKey(privateKey) + leaf + authority.chainPem;
}
