import { type KeyObject, randomBytes, sign } from 'node:crypto';
import asn1 from 'node-forge/lib/asn1.js';
import { type Asn1, contextSpecific, encode, octets, oid, primitive, sequence, set } from './asn1.ts';
import { formatPem } from './pem.ts';

const { Type } = asn1;
const COMMON_NAME = '2.5.4.3';
const ECDSA_WITH_SHA256 = '1.2.840.10045.4.3.2';
const VERSION_3 = '\x02';

export interface CertificateContent {
  readonly subject: Asn1;
  readonly publicKey: KeyObject;
  readonly issuer: Asn1;
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly extensions: Asn1[];
}

/** A name of one CN. Always UTF8String: forge's PrintableString with an `@` is refused by Chromium and Go. */
export function distinguishedName(commonName: string): Asn1 {
  const value = primitive(Type.UTF8, octets(Buffer.from(commonName)));
  return sequence([set([sequence([oid(COMMON_NAME), value])])]);
}

/** 16 random bytes, positive and without a leading zero: Firefox refuses a zero or negative serial (measured). */
function serialNumber(): string {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return octets(bytes);
}

/** UTCTime through 2049, GeneralizedTime from then on (RFC 5280 section 4.1.2.5). */
function time(date: Date): Asn1 {
  return date.getUTCFullYear() < 2050
    ? primitive(Type.UTCTIME, asn1.dateToUtcTime(date))
    : primitive(Type.GENERALIZEDTIME, asn1.dateToGeneralizedTime(date));
}

/**
 * A version 3 certificate as PEM, signed ECDSA with SHA-256. node-forge only writes the ASN.1 here: it has no
 * ECDSA, so the signature is node:crypto's.
 */
export function signCertificate(content: CertificateContent, signingKey: KeyObject): string {
  const algorithm = sequence([oid(ECDSA_WITH_SHA256)]);
  const publicKey = content.publicKey.export({ type: 'spki', format: 'der' });
  const toBeSigned = sequence([
    contextSpecific(0, [primitive(Type.INTEGER, VERSION_3)]),
    primitive(Type.INTEGER, serialNumber()),
    algorithm,
    content.issuer,
    sequence([time(content.notBefore), time(content.notAfter)]),
    content.subject,
    asn1.fromDer(octets(publicKey)),
    contextSpecific(3, [sequence(content.extensions)]),
  ]);
  const signature = sign('sha256', Buffer.from(encode(toBeSigned), 'latin1'), signingKey);
  // The leading zero of a BIT STRING: no unused bits.
  const certificate = sequence([toBeSigned, algorithm, primitive(Type.BITSTRING, `\0${octets(signature)}`)]);
  return formatPem('CERTIFICATE', Buffer.from(encode(certificate), 'latin1'));
}

/** The subject of a certificate, as it stands there: an issuer must be named byte for byte. */
export function readSubject(der: Buffer): Asn1 {
  const [toBeSigned] = asn1.fromDer(octets(der)).value as Asn1[];
  // TBSCertificate ::= version, serialNumber, signature, issuer, validity, subject, … (RFC 5280 section 4.1)
  const subject = (toBeSigned?.value as Asn1[] | undefined)?.[5];
  if (!subject) throw new TypeError('a certificate without a subject');
  return subject;
}
