/** Short names for the few node-forge ASN.1 calls a certificate needs. forge's strings hold one byte a character. */
import forge from 'node-forge';

const { asn1 } = forge;

export type Asn1 = forge.asn1.Asn1;

/** Bytes as forge's byte string. */
export const octets = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');

export const sequence = (items: Asn1[]): Asn1 =>
  asn1.create(asn1.Class.UNIVERSAL, asn1.Type.SEQUENCE, true, items);

export const set = (items: Asn1[]): Asn1 => asn1.create(asn1.Class.UNIVERSAL, asn1.Type.SET, true, items);

export const primitive = (type: forge.asn1.Type, bytes: string): Asn1 =>
  asn1.create(asn1.Class.UNIVERSAL, type, false, bytes);

export const oid = (dotted: string): Asn1 => primitive(asn1.Type.OID, asn1.oidToDer(dotted).getBytes());

/** `[tag]`: primitive for bytes, constructed for items. */
export const contextSpecific = (tag: number, value: string | Asn1[]): Asn1 =>
  asn1.create(asn1.Class.CONTEXT_SPECIFIC, tag, typeof value !== 'string', value);
