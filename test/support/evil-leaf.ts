/** What somebody could sign who stole `authority.pem`: R2 wants every client to refuse it. */
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import asn1 from 'node-forge/lib/asn1.js';
import { contextSpecific, encode, oid, primitive, sequence } from '../../src/certificate/asn1.ts';
import { type Authority, parseAuthority } from '../../src/certificate/authority.ts';
import { authorityExtensions, keyIdentifiers, serverExtensions } from '../../src/certificate/extensions.ts';
import { distinguishedName, readSubject, signCertificate } from '../../src/certificate/sign-certificate.ts';

const DAY_MS = 86_400_000;
const SUBJECT_ALT_NAME = '2.5.29.17';

export interface SignedLeaf {
  /** PKCS#8 PEM. */
  readonly key: string;
  /** The leaf and every issuer up to the root, PEM. */
  readonly chain: string;
}

export interface LeafContent {
  readonly commonName: string;
  /** DNS names and addresses of the SAN; with neither names nor e-mail addresses there is no SAN at all. */
  readonly names?: readonly string[];
  /** A SAN of one e-mail address, which hides the common name from verifiers that look for a SAN first. */
  readonly email?: string;
  /** A CA of the thief's own, signed by the stolen key, between it and the leaf. */
  readonly isBelowOwnAuthority?: boolean;
}

const makeKey = () => generateKeyPairSync('ec', { namedCurve: 'P-256' });

const exportKey = (key: KeyObject): string => key.export({ type: 'pkcs8', format: 'pem' }) as string;

function leafExtensions({ names = [], email }: LeafContent) {
  const whole = serverExtensions(names);
  // The SAN stands last.
  if (names.length > 0) return whole;
  if (email === undefined) return whole.slice(0, -1);
  const value = encode(sequence([contextSpecific(1, email)]));
  const alternative = sequence([oid(SUBJECT_ALT_NAME), primitive(asn1.Type.OCTETSTRING, value)]);
  return [...whole.slice(0, -1), alternative];
}

function validity(): { notBefore: Date; notAfter: Date } {
  return { notBefore: new Date(Date.now() - DAY_MS), notAfter: new Date(Date.now() + 30 * DAY_MS) };
}

function signOwnAuthority({ issuing, key }: Authority) {
  const { publicKey, privateKey } = makeKey();
  const name = distinguishedName('thief');
  const pem = signCertificate(
    {
      subject: name,
      publicKey,
      issuer: readSubject(issuing.raw),
      ...validity(),
      extensions: [
        ...authorityExtensions(0, ['com', 'localhost']),
        ...keyIdentifiers(publicKey, issuing.publicKey),
      ],
    },
    key,
  );
  return { name, publicKey, privateKey, pem };
}

/** A leaf of whatever content, signed with the issuing key in the text of an `authority.pem`. */
export function signLeaf(authorityText: string, content: LeafContent): SignedLeaf {
  const authority = parseAuthority(authorityText, new Date());
  if (typeof authority === 'string') throw new Error(`the authority ${authority}`);
  const own = content.isBelowOwnAuthority ? signOwnAuthority(authority) : undefined;
  const { publicKey, privateKey } = makeKey();
  const leaf = signCertificate(
    {
      subject: distinguishedName(content.commonName),
      publicKey,
      issuer: own?.name ?? readSubject(authority.issuing.raw),
      ...validity(),
      extensions: [
        ...leafExtensions(content),
        ...keyIdentifiers(publicKey, own?.publicKey ?? authority.issuing.publicKey),
      ],
    },
    own?.privateKey ?? authority.key,
  );
  return { key: exportKey(privateKey), chain: leaf + (own?.pem ?? '') + authority.chainPem };
}
