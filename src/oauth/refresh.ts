import { limits } from '../limits.ts';
import type { Client } from './clients.ts';
import type { Clock } from './clock.ts';
import { OAuthError } from './errors.ts';
import type { Parameters } from './form.ts';
import type { Family, Grant, Grants } from './grants.ts';
import { newRefreshToken, parseRefreshToken, type RefreshToken } from './refresh-token.ts';
import type { Resources } from './resource.ts';
import { parseScopes } from './scope.ts';
import { isSameDigest } from './secrets.ts';
import type { Issuance } from './token.ts';

export interface RefreshOptions {
  readonly grants: Grants;
  readonly resources: Resources;
  readonly clock: Clock;
}

const invalidGrant = (): OAuthError =>
  new OAuthError(400, 'invalid_grant', 'the refresh token is unknown, used, expired or revoked');

/**
 * `grant_type=refresh_token` (RFC 6749 6): rotates always. Several Claude processes share one stored token and may
 * refresh at once, so the token before the current one is good for `limits.refreshGraceMs` more: it gets the same
 * successor again, as long as that was not used. Any other old token ends the family (RFC 9700 4.14.2, R36).
 */
export function createRefresh({ grants, resources, clock }: RefreshOptions) {
  /** The successor last handed out, by family, for the length of the grace; never on the disk. */
  const successors = new Map<string, RefreshToken>();

  async function rotate(grant: Grant, family: Family, presented: RefreshToken): Promise<string> {
    const next = newRefreshToken(presented.familySecret);
    const now = clock.nowMs();
    // After a restart a retry comes from a client that never heard of the current token: it is replaced.
    const rotated = { ...family, previous: presented.digest, current: next.digest, rotatedAtMs: now };
    await grants.save({ ...grant, family: rotated, usedAtMs: now });
    successors.set(family.digest, next);
    setTimeout(() => {
      if (successors.get(family.digest) === next) successors.delete(family.digest);
    }, limits.refreshGraceMs).unref();
    return next.text;
  }

  function isRetry({ previous, rotatedAtMs }: Family, presented: RefreshToken): boolean {
    const isPrevious = previous !== undefined && isSameDigest(previous, presented.digest);
    return isPrevious && clock.nowMs() - rotatedAtMs <= limits.refreshGraceMs;
  }

  async function advance(grant: Grant, presented: RefreshToken): Promise<string> {
    const { family } = grant;
    if (!family) throw invalidGrant();
    if (isSameDigest(family.current, presented.digest)) return rotate(grant, family, presented);
    if (isRetry(family, presented)) {
      const successor = successors.get(family.digest);
      return successor?.digest === family.current ? successor.text : rotate(grant, family, presented);
    }
    await grants.revoke(grant.id, 'refresh token reused');
    throw invalidGrant();
  }

  return async (form: Parameters, client: Client): Promise<Issuance> => {
    const presented = parseRefreshToken(form.require('refresh_token'));
    const found = presented && grants.findByFamily(presented.familyDigest);
    if (!found) throw invalidGrant();
    return grants.serial(found.id, async () => {
      const grant = grants.find(found.id);
      // A token in the hands of another client ends nothing: it would be a way to log others out.
      if (!grant || grant.clientId !== client.id) throw invalidGrant();
      const scopes = parseScopes(form.get('scope'), grant.scopes);
      resources.choose(form.resources, grant.resource);
      return { grant, scopes, refreshToken: await advance(grant, presented) };
    });
  };
}
