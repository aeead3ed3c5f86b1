/** The few node-forge ASN.1 calls that a certificate needs. forge's strings hold one byte in each character. */
import asn1 from 'node-forge/lib/asn1.js';

export type Asn1 = ReturnType<typeof asn1.create>;

const { Class, Type } = asn1;

/** Bytes as forge's byte string. */
export const octets = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');

export const sequence = (items: Asn1[]): Asn1 => asn1.create(Class.UNIVERSAL, Type.SEQUENCE, true, items);

export const set = (items: Asn1[]): Asn1 => asn1.create(Class.UNIVERSAL, Type.SET, true, items);

export const primitive = (type: number, bytes: string): Asn1 =>
  asn1.create(Class.UNIVERSAL, type, false, bytes);

export const oid = (dotted: string): Asn1 => primitive(Type.OID, asn1.oidToDer(dotted).getBytes());

/** `[tag]`: primitive for bytes, constructed for items. */
export const contextSpecific = (tag: number, value: string | Asn1[]): Asn1 =>
  asn1.create(Class.CONTEXT_SPECIFIC, tag, typeof value !== 'string', value);

/** The DER of the element, as forge's byte string. */
export const encode = (element: Asn1): string => asn1.toDer(element).getBytes();
