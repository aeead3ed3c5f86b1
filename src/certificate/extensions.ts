/** The X.509 extensions that our certificates carry (RFC 5280 section 4.2), as node-forge ASN.1. */
import { createHash, type KeyObject } from 'node:crypto';
import { isIPv4 } from 'node:net';
import asn1 from 'node-forge/lib/asn1.js';
import { isAddress } from './addresses.ts';
import { type Asn1, contextSpecific, encode, octets, oid, primitive, sequence } from './asn1.ts';

const { Type } = asn1;
const OID = {
  subjectKeyIdentifier: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  nameConstraints: '2.5.29.30',
  authorityKeyIdentifier: '2.5.29.35',
  extendedKeyUsage: '2.5.29.37',
  serverAuth: '1.3.6.1.5.5.7.3.1',
};
const TRUE = '\xff';
/** BIT STRING contents: the count of unused bits, then the bits, `digitalSignature` (0) first. */
const DIGITAL_SIGNATURE = '\x07\x80';
const CERT_SIGN_AND_CRL_SIGN = '\x01\x06';

function extension(id: string, value: Asn1, { isCritical = false } = {}): Asn1 {
  const critical = isCritical ? [primitive(Type.BOOLEAN, TRUE)] : [];
  return sequence([oid(id), ...critical, primitive(Type.OCTETSTRING, encode(value))]);
}

/** SHA-1 of the key's bits: method 1 of RFC 5280 section 4.2.1.2. An identifier, not a signature. */
function keyIdentifier(key: KeyObject): string {
  // An uncompressed P-256 point is the last 65 bytes of its SubjectPublicKeyInfo.
  const point = key.export({ type: 'spki', format: 'der' }).subarray(-65);
  return octets(createHash('sha1').update(point).digest());
}

function addressBytes(address: string): string {
  if (isIPv4(address)) return octets(Buffer.from(address.split('.').map(Number)));
  const [head = '', tail] = address.split('::');
  const groups = (text: string): string[] => (text === '' ? [] : text.split(':'));
  const [before, after] = [groups(head), groups(tail ?? '')];
  const zeros = new Array<string>(8 - before.length - after.length).fill('0');
  const hex = [...before, ...zeros, ...after].map((group) => group.padStart(4, '0')).join('');
  return octets(Buffer.from(hex, 'hex'));
}

/** SKI and AKI: without them `openssl -x509_strict` refuses, and chains of equal names confuse verifiers. */
export function keyIdentifiers(subject: KeyObject, issuer: KeyObject): Asn1[] {
  return [
    extension(OID.subjectKeyIdentifier, primitive(Type.OCTETSTRING, keyIdentifier(subject))),
    extension(OID.authorityKeyIdentifier, sequence([contextSpecific(0, keyIdentifier(issuer))])),
  ];
}

/** A CA that may have `pathLength` further CAs below it and vouches for DNS names in `permitted` only. */
export function authorityExtensions(pathLength: number, permitted: readonly string[]): Asn1[] {
  const pathBytes = asn1.integerToDer(pathLength).getBytes();
  const limit = [primitive(Type.BOOLEAN, TRUE), primitive(Type.INTEGER, pathBytes)];
  // DNS names only: with one IP subtree every Claude refuses the good certificate (measured, design 8).
  const subtrees = permitted.map((name) => sequence([contextSpecific(2, name)]));
  const isCritical = true;
  return [
    extension(OID.basicConstraints, sequence(limit), { isCritical }),
    extension(OID.keyUsage, primitive(Type.BITSTRING, CERT_SIGN_AND_CRL_SIGN), { isCritical }),
    extension(OID.extendedKeyUsage, sequence([oid(OID.serverAuth)])),
    extension(OID.nameConstraints, sequence([contextSpecific(0, subtrees)]), { isCritical }),
  ];
}

/** A TLS server for the names and addresses given (addresses in canonical spelling). */
export function serverExtensions(names: readonly string[]): Asn1[] {
  const general = (name: string): Asn1 =>
    isAddress(name) ? contextSpecific(7, addressBytes(name)) : contextSpecific(2, name);
  return [
    extension(OID.basicConstraints, sequence([]), { isCritical: true }),
    extension(OID.keyUsage, primitive(Type.BITSTRING, DIGITAL_SIGNATURE), { isCritical: true }),
    extension(OID.extendedKeyUsage, sequence([oid(OID.serverAuth)])),
    extension(OID.subjectAltName, sequence(names.map(general))),
  ];
}
