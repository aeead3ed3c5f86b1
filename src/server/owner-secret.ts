import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { Failure } from '../errors.ts';
import { createFileAtomic, readOwnFile } from '../files.ts';

const SECRET = /^[A-Za-z0-9_-]{43}$/;

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/** Makes owner.secret on the first start, reads it afterwards; returns a constant-time check of a candidate. */
export function ensureOwnerSecret(file: string): (candidate: string | undefined) => boolean {
  createFileAtomic(file, randomBytes(32).toString('base64url'));
  const secret = readOwnFile(file);
  if (!secret || !SECRET.test(secret)) {
    throw new Failure('FILE_UNSAFE', `${file} does not hold an owner secret`, {
      hint: `remove ${file}; the next start makes a new one`,
    });
  }
  const expected = digest(secret);
  return (candidate) => candidate !== undefined && timingSafeEqual(digest(candidate), expected);
}
