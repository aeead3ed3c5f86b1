import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import { limits } from '../../limits.ts';

const CIPHER = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** Whom a state is for, and for which request: elsewhere it opens nothing. */
export type Binding = readonly unknown[];

export interface SealedStates {
  seal(payload: string, binding: Binding): string;
  /** The payload; undefined for a state that is not ours, was changed, is too old, or is bound to something else. */
  open(state: string, binding: Binding): string | undefined;
}

const digest = (binding: Binding): Buffer => createHash('sha256').update(JSON.stringify(binding)).digest();

/**
 * `requestState` goes through the client's hands, so it is encrypted and authenticated together with what it is bound
 * to, and it expires (2026-07-28 mrtr, L232-237; R50). The key lives as long as the calls that the states name.
 */
export function createSealedStates(nowMs: () => number): SealedStates {
  const key = randomBytes(32);
  return {
    seal(payload, binding) {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv(CIPHER, key, nonce).setAAD(digest(binding));
      const text = `${Math.floor(nowMs() + limits.askMs)} ${payload}`;
      const sealed = Buffer.concat([cipher.update(text), cipher.final()]);
      return Buffer.concat([nonce, sealed, cipher.getAuthTag()]).toString('base64url');
    },
    open(state, binding) {
      const bytes = Buffer.from(state, 'base64url');
      // One spelling only: base64url readers skip what they do not know.
      if (bytes.length <= NONCE_BYTES + TAG_BYTES || bytes.toString('base64url') !== state) return undefined;
      const decipher = createDecipheriv(CIPHER, key, bytes.subarray(0, NONCE_BYTES))
        .setAAD(digest(binding))
        .setAuthTag(bytes.subarray(-TAG_BYTES));
      try {
        const sealed = bytes.subarray(NONCE_BYTES, -TAG_BYTES);
        const text = Buffer.concat([decipher.update(sealed), decipher.final()]).toString();
        const [expiresMs, payload] = text.split(' ', 2);
        return nowMs() < Number(expiresMs) ? payload : undefined;
      } catch {
        return undefined;
      }
    },
  };
}
