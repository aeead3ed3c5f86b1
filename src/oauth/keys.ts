import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type JsonWebKey,
  type KeyObject,
  sign,
  verify,
} from 'node:crypto';
import { calculateJwkThumbprint, type JWK } from 'jose';
import { errnoOf, Failure } from '../errors.ts';
import { createFileAtomic, readOwnFile, writeFileAtomic } from '../files.ts';
import { limits } from '../limits.ts';

/** The algorithm of every token: short signatures, and quick to verify. */
export const ALGORITHM = 'ES256';

export interface SigningKey {
  /** RFC 7638 thumbprint. */
  readonly id: string;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  /** The public members alone (R46). */
  readonly publicJwk: JWK;
}

/** Signs with the first; verifies with all. */
export type SigningKeys = readonly [SigningKey, ...SigningKey[]];

/** A JWK of the file; `created` is ours, in milliseconds. */
interface StoredKey extends JsonWebKey {
  created: number;
}

const unusable = (file: string, cause?: unknown): Failure =>
  new Failure('SIGNING_KEY_UNUSABLE', `${file} does not hold our token signing keys`, { cause });

function generateKey(nowMs: number): StoredKey {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return { ...privateKey.export({ format: 'jwk' }), created: nowMs };
}

async function readKey(jwk: StoredKey): Promise<SigningKey> {
  if (jwk.kty !== 'EC' || jwk.crv !== 'P-256' || !Number.isSafeInteger(jwk.created)) {
    throw new TypeError('not an EC P-256 key of ours');
  }
  const privateKey = createPrivateKey({ key: jwk, format: 'jwk' });
  const publicKey = createPublicKey(privateKey);
  // Node reads private and public members of different keys without a word (measured).
  const probe = Buffer.from('probe');
  if (!verify('sha256', probe, publicKey, sign('sha256', probe, privateKey))) {
    throw new TypeError('the members do not belong together');
  }
  const id = await calculateJwkThumbprint(publicKey);
  const members = publicKey.export({ format: 'jwk' }) as JWK;
  return { id, privateKey, publicKey, publicJwk: { ...members, kid: id, alg: ALGORITHM, use: 'sig' } };
}

function parseKeys(text: string): readonly StoredKey[] {
  const { keys } = JSON.parse(text) as { keys: readonly StoredKey[] };
  return keys;
}

const formatKeys = (keys: readonly StoredKey[]): string => `${JSON.stringify({ keys }, null, 2)}\n`;

/** A key serves for `limits.signingKeyMs`; afterwards it only verifies, as long as tokens it signed may live. */
function rotate(keys: readonly StoredKey[], nowMs: number): readonly StoredKey[] {
  const [current] = keys;
  if (current && nowMs - current.created >= limits.signingKeyMs) return [generateKey(nowMs), ...keys];
  return keys.filter((_, index) => {
    const successor = keys[index - 1];
    return successor === undefined || nowMs - successor.created < limits.accessTokenMs;
  });
}

function ensureFile(file: string, nowMs: number): string {
  const found = readOwnFile(file);
  if (found !== undefined) return found;
  createFileAtomic(file, formatKeys([generateKey(nowMs)]));
  const created = readOwnFile(file);
  if (created === undefined) throw unusable(file);
  return created;
}

/**
 * The signing keys of the file (a private JWK set, 0600), made on the first start and rotated at a later one.
 * A file that is there but does not hold our keys is never replaced: `SIGNING_KEY_UNUSABLE` (R46).
 */
export async function ensureSigningKeys(file: string, nowMs: number): Promise<SigningKeys> {
  const text = ensureFile(file, nowMs);
  try {
    const stored = parseKeys(text);
    const [first, ...others] = await Promise.all(stored.map(readKey));
    if (first === undefined) throw new TypeError('the set is empty');
    const rotated = rotate(stored, nowMs);
    if (rotated.length === stored.length) return [first, ...others];
    writeFileAtomic(file, formatKeys(rotated));
    return (await Promise.all(rotated.map(readKey))) as [SigningKey, ...SigningKey[]];
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw unusable(file, errnoOf(error) || error);
  }
}
