/** Makes keys and certificates (design 8). */
import { generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto';
import { hostname, userInfo } from 'node:os';
import { limits } from '../limits.ts';
import type { Asn1 } from './asn1.ts';
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
  const day = now.toISOString().slice(0, 10);
  const issuer = distinguishedName(`claude-secure root ${ownerLabel()} ${day}-${id}`);
  const certify = (
    subject: Asn1,
    publicKey: KeyObject,
    shape: { pathLength: number; days: number },
  ): string =>
    signCertificate(
      {
        subject,
        publicKey,
        issuer,
        notBefore: backdated(now),
        notAfter: daysAfter(now, shape.days),
        extensions: [
          ...authorityExtensions(shape.pathLength, permitted),
          ...keyIdentifiers(publicKey, root.publicKey),
        ],
      },
      root.privateKey,
    );
  const rootPem = certify(issuer, root.publicKey, { pathLength: 1, days: limits.rootDays });
  const issuingName = distinguishedName(`claude-secure issuing ${id}`);
  const issuingPem = certify(issuingName, issuing.publicKey, { pathLength: 0, days: limits.rootDays - 1 });
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
