/** One `-----BEGIN …-----` block, markers included, with a line feed at its end. */
export interface PemBlock {
  readonly label: string;
  readonly text: string;
}

const BLOCK = /-----BEGIN ([A-Z ]+)-----\n[A-Za-z0-9+/=\n]+-----END \1-----\n/g;

/** The blocks of a PEM text; undefined if anything but whole blocks stands in it (a truncated file, junk). */
export function parsePem(text: string): PemBlock[] | undefined {
  const blocks = [...text.matchAll(BLOCK)].map((match) => ({ label: match[1] ?? '', text: match[0] }));
  return blocks.map((block) => block.text).join('') === text ? blocks : undefined;
}

/** DER as PEM, in lines of 64 characters (RFC 7468 section 2). */
export function formatPem(label: string, der: Uint8Array): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}
