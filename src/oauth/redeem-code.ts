import { limits } from '../limits.ts';
import type { Client, Clients } from './clients.ts';
import type { Clock } from './clock.ts';
import type { AuthorizationCodes, RedeemedCode } from './codes.ts';
import { OAuthError } from './errors.ts';
import type { Parameters } from './form.ts';
import type { Grant, Grants } from './grants.ts';
import { newRefreshToken } from './refresh-token.ts';
import type { Resources } from './resource.ts';
import { digest, isSameDigest } from './secrets.ts';
import type { Issuance } from './token.ts';

export interface RedeemCodeOptions {
  readonly clients: Clients;
  readonly codes: AuthorizationCodes;
  readonly grants: Grants;
  readonly resources: Resources;
  readonly clock: Clock;
}

const invalidGrant = (): OAuthError =>
  new OAuthError(400, 'invalid_grant', 'the code is unknown, used, expired or not for this request');

/** RFC 7636 4.1 and 4.6. */
function checkVerifier(verifier: string | undefined, challenge: string): void {
  const isRight =
    verifier !== undefined &&
    /^[\w\-.~]{43,128}$/.test(verifier) &&
    isSameDigest(digest(verifier), challenge);
  if (!isRight) throw invalidGrant();
}

/** `grant_type=authorization_code` (RFC 6749 4.1.3): one code, once, for whom and what it was issued. */
export function createRedeemCode(options: RedeemCodeOptions) {
  const { clients, codes, grants, resources, clock } = options;

  function check(form: Parameters, client: Client, { request }: RedeemedCode): void {
    const isBound = request.client.id === client.id && request.redirectUri === form.get('redirect_uri');
    if (!isBound) throw invalidGrant();
    checkVerifier(form.get('code_verifier'), request.challenge);
    resources.choose(form.resources, request.resource);
  }

  async function create(client: Client, { request, grantId }: RedeemedCode): Promise<Issuance> {
    // The owner may have revoked the client since the request came in.
    if (!clients.find(client.id)) throw invalidGrant();
    const now = clock.nowMs();
    const refreshToken = newRefreshToken();
    const grant: Grant = {
      id: grantId,
      clientId: client.id,
      scopes: request.scopes,
      resource: request.resource,
      family: {
        digest: refreshToken.familyDigest,
        current: refreshToken.digest,
        previous: undefined,
        rotatedAtMs: now,
      },
      createdAtMs: now,
      usedAtMs: now,
      expiresAtMs: now + limits.refreshAbsoluteMs,
    };
    await grants.save(grant, [clients.approval(client)]);
    clients.markApproved(client);
    return { grant, scopes: grant.scopes, refreshToken: refreshToken.text };
  }

  return async (form: Parameters, client: Client): Promise<Issuance> => {
    // Taken before anything can fail or wait: whatever is wrong with the rest, the code is burned (R33).
    const redemption = codes.redeem(form.require('code'));
    if (redemption.state === 'unknown') throw invalidGrant();
    const { grantId } = redemption;
    if (redemption.state === 'replayed') {
      // Behind the first redemption, if that is still being written (R35).
      await grants.serial(grantId, () => grants.revoke(grantId, 'code replayed'));
      throw invalidGrant();
    }
    check(form, client, redemption);
    return grants.serial(grantId, () => clients.serial(client.id, () => create(client, redemption)));
  };
}
