import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

/** 256 bits, 43 characters of base64url. */
export const newSecret = (): string => randomBytes(32).toString('base64url');

/** A name that is no secret: 128 bits, hexadecimal, so that no id can look like an option on a command line. */
export const newId = (): string => randomBytes(16).toString('hex');

/** SHA-256, base64url: the only form in which a secret is kept (R41). */
export const digest = (secret: string): string => createHash('sha256').update(secret).digest('base64url');

/** Compares two digests in constant time. */
export function isSameDigest(a: string, b: string): boolean {
  const left = Buffer.from(a);
  const right = Buffer.from(b);
  return left.length === right.length && timingSafeEqual(left, right);
}
