import { limits } from '../limits.ts';
import type { AuthorizationRequest } from './authorization-request.ts';
import type { Clock } from './clock.ts';
import { digest, newId, newSecret } from './secrets.ts';

/** A code in the hands of the token endpoint: it cannot be taken again. */
export interface RedeemedCode {
  readonly request: AuthorizationRequest;
  /** The grant that this redemption may create. */
  readonly grantId: string;
}

export type Redemption =
  | ({ readonly state: 'first' } & RedeemedCode)
  | { readonly state: 'replayed'; readonly grantId: string }
  | { readonly state: 'unknown' };

export interface AuthorizationCodes {
  issue(request: AuthorizationRequest): string;
  /** Uses the code up, whoever presents it and whether or not the rest of the request is right (R33, R34). */
  redeem(code: string): Redemption;
}

/** One-time codes, in memory only: after a restart every code is unknown (R34). */
export function createAuthorizationCodes(clock: Clock): AuthorizationCodes {
  const codes = new Map<string, RedeemedCode & { readonly expiresAtMs: number; isUsed: boolean }>();

  function forget(): void {
    const now = clock.nowMs();
    for (const [key, { expiresAtMs }] of codes) {
      if (now >= expiresAtMs + limits.usedCodeMs) codes.delete(key);
    }
  }

  return {
    issue(request) {
      forget();
      const code = newSecret();
      const expiresAtMs = clock.nowMs() + limits.authorizationCodeMs;
      codes.set(digest(code), { request, grantId: newId(), expiresAtMs, isUsed: false });
      return code;
    },
    redeem(code) {
      const found = codes.get(digest(code));
      if (!found) return { state: 'unknown' };
      const { request, grantId, expiresAtMs, isUsed } = found;
      if (isUsed) return { state: 'replayed', grantId };
      found.isUsed = true;
      return clock.nowMs() < expiresAtMs ? { state: 'first', request, grantId } : { state: 'unknown' };
    },
  };
}
