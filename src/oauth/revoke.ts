import type { Handler } from '../exchange.ts';
import type { Log } from '../log.ts';
import type { AccessTokens } from './access-token.ts';
import type { Client, Clients } from './clients.ts';
import { readForm } from './form.ts';
import type { Grants } from './grants.ts';
import { identifyClient } from './identify-client.ts';
import { parseRefreshToken } from './refresh-token.ts';
import type { Revocations } from './revocations.ts';
import type { VerifiedTokens } from './verified-tokens.ts';

export interface RevokeOptions {
  readonly clients: Clients;
  readonly grants: Grants;
  readonly tokens: AccessTokens;
  readonly verified: VerifiedTokens;
  readonly revocations: Revocations;
  readonly log: Log;
}

/**
 * `POST /oauth/revoke` (RFC 7009): a refresh token takes its family and every access token with it, an access token
 * goes alone. Whatever is not a living token of this client is answered 200 all the same and stays as it is.
 */
export function createRevoke(options: RevokeOptions): Handler {
  const { clients, grants, tokens, verified, revocations, log } = options;

  async function revokeFamily(text: string, client: Client): Promise<void> {
    const presented = parseRefreshToken(text);
    const grant = presented && grants.findByFamily(presented.familyDigest);
    if (grant?.clientId !== client.id) return;
    await grants.serial(grant.id, () => grants.revoke(grant.id, 'revoked by the client'));
  }

  async function revokeAccessToken(text: string, client: Client): Promise<void> {
    const proven = await tokens.prove(text);
    if (proven?.clientId !== client.id) return;
    await revocations.add(proven.id, proven.expiresAtMs);
    verified.endToken(proven.id);
    log.info('token.revoked', { client: client.id, token: proven.id });
  }

  return async (exchange) => {
    const form = await readForm(exchange);
    const token = form.require('token');
    const client = identifyClient(exchange, form, clients);
    // The hint is a hint: the shape of the token tells what it is.
    await revokeFamily(token, client);
    await revokeAccessToken(token, client);
    exchange.respond(200, { 'cache-control': 'no-store' });
  };
}
