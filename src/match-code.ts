import { randomBytes } from 'node:crypto';
import { limits } from './limits.ts';

/** Crockford's base 32: no I, L, O or U, so a code read aloud or copied by hand stays the same. */
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const BITS_PER_CHARACTER = 5;
const LENGTH = Math.ceil(limits.matchCodeBits / BITS_PER_CHARACTER);
const GROUP = 4;

const group = (text: string): string => (text.match(new RegExp(`.{1,${GROUP}}`, 'g')) ?? []).join('-');

/** A fresh code of `limits.matchCodeBits` bits, e.g. `7K3D-Q9WX`. */
export function newMatchCode(): string {
  // 32 divides 256: the low five bits of a random byte are uniform.
  return group([...randomBytes(LENGTH)].map((byte) => ALPHABET.charAt(byte % ALPHABET.length)).join(''));
}

/** The code as we write it, from what a person typed: any case, with or without hyphens and spaces, O for 0, I or L for 1. */
export function normaliseMatchCode(text: string): string {
  const plain = text.toUpperCase().replace(/[\s-]/g, '').replace(/O/g, '0').replace(/[IL]/g, '1');
  return group(plain);
}
