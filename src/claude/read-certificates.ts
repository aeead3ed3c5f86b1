import { X509Certificate } from 'node:crypto';

// A body without dashes: a block that was cut off ends at the next BEGIN and does not swallow it.
const BLOCK = /-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]*)-----END CERTIFICATE-----/g;
const BEGIN = /-----BEGIN CERTIFICATE-----/g;
const DER_SEQUENCE = 0x30;

function parseCertificate(der: Buffer): X509Certificate | undefined {
  try {
    return new X509Certificate(der);
  } catch {
    return undefined;
  }
}

/**
 * The certificates in a PEM or DER file, and how many blocks were no certificate. Takes every form that Claude
 * itself refuses as a whole (measured: BOM, DER, no line end between blocks, a truncated block) as well as
 * comments and CRLF; private keys and whatever else stands in the file are never looked at.
 */
export function readCertificates(bytes: Buffer): { certificates: X509Certificate[]; broken: number } {
  if (bytes[0] === DER_SEQUENCE) {
    const certificate = parseCertificate(bytes);
    if (certificate) return { certificates: [certificate], broken: 0 };
  }
  const text = bytes.toString('latin1');
  const certificates = [...text.matchAll(BLOCK)]
    .map(([, body]) => parseCertificate(Buffer.from(body ?? '', 'base64')))
    .filter((certificate) => certificate !== undefined);
  return { certificates, broken: [...text.matchAll(BEGIN)].length - certificates.length };
}
