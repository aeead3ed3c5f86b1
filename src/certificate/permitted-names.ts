const SEQUENCE = 0x30;
const OCTET_STRING = 0x04;
/** `[3] EXPLICIT Extensions` of a TBSCertificate (RFC 5280 section 4.1). */
const EXTENSIONS = 0xa3;
/** `[0] permittedSubtrees` and `[2] dNSName` (RFC 5280 section 4.2.1.10). */
const PERMITTED = 0xa0;
const DNS_NAME = 0x82;
/** OBJECT IDENTIFIER 2.5.29.30, nameConstraints. */
const NAME_CONSTRAINTS = '0603551d1e';

interface Element {
  readonly tag: number;
  readonly contents: Buffer;
  /** Tag, length and contents. */
  readonly whole: Buffer;
}

/** The DER elements that stand side by side in `der`. Throws a RangeError for one that is cut short. */
function readElements(der: Buffer): Element[] {
  const elements: Element[] = [];
  for (let start = 0; start < der.length; ) {
    const first = der.readUInt8(start + 1);
    const lengthBytes = first < 0x80 ? 0 : first & 0x7f;
    const length = lengthBytes ? der.readUIntBE(start + 2, lengthBytes) : first;
    const from = start + 2 + lengthBytes;
    const end = from + length;
    if (end > der.length) throw new RangeError('the DER element ends too early');
    const whole = der.subarray(start, end);
    elements.push({ tag: der.readUInt8(start), contents: der.subarray(from, end), whole });
    start = end;
  }
  return elements;
}

/** The children of every element with the first tag, then of those with the next one, and so on. */
function descend(elements: readonly Element[], ...tags: readonly number[]): Element[] {
  return tags.reduce<Element[]>(
    (level, tag) => level.filter((item) => item.tag === tag).flatMap((item) => readElements(item.contents)),
    [...elements],
  );
}

/**
 * The DNS names that a certificate's name constraints permit; empty without any. `X509Certificate` does not tell
 * them and a launch must not load node-forge, so this walks the DER itself.
 * Throws a RangeError if `der` is no certificate.
 */
export function readPermittedNames(der: Buffer): string[] {
  const parts = descend(readElements(der), SEQUENCE, SEQUENCE, EXTENSIONS, SEQUENCE, SEQUENCE);
  const at = parts.findIndex((part) => part.whole.toString('hex') === NAME_CONSTRAINTS);
  const value = at < 0 ? [] : parts.slice(at + 1).filter((part) => part.tag === OCTET_STRING);
  return descend(value.slice(0, 1), OCTET_STRING, SEQUENCE, PERMITTED, SEQUENCE)
    .filter((base) => base.tag === DNS_NAME)
    .map((base) => base.contents.toString('latin1'));
}
