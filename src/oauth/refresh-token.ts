import { digest, newSecret } from './secrets.ts';

/** A refresh token: `<family secret>.<rotating secret>`, 256 bits each (grants.ts tells why). */
export interface RefreshToken {
  readonly familySecret: string;
  readonly familyDigest: string;
  readonly digest: string;
  readonly text: string;
}

function build(familySecret: string, secret: string): RefreshToken {
  const text = `${familySecret}.${secret}`;
  return { familySecret, familyDigest: digest(familySecret), digest: digest(secret), text };
}

/** A token of a new family, or the next one of a family. */
export const newRefreshToken = (familySecret: string = newSecret()): RefreshToken =>
  build(familySecret, newSecret());

/** Reads what a client presents; undefined for what cannot be one of ours. */
export function parseRefreshToken(text: string): RefreshToken | undefined {
  const match = /^([\w-]{43})\.([\w-]{43})$/.exec(text);
  return match?.[1] && match[2] ? build(match[1], match[2]) : undefined;
}
