import { type Exchange, type Handler, respondJson } from '../exchange.ts';
import { limits } from '../limits.ts';
import type { Log } from '../log.ts';
import { createRateLimiter } from '../rate.ts';
import type { AccessTokens } from './access-token.ts';
import type { Client, Clients } from './clients.ts';
import { OAuthError, tooManyRequests } from './errors.ts';
import { type Parameters, readForm } from './form.ts';
import type { Grant } from './grants.ts';
import { identifyClient } from './identify-client.ts';

/** What a grant type has decided and written: the token endpoint makes the answer of it. */
export interface Issuance {
  readonly grant: Grant;
  readonly scopes: readonly string[];
  readonly refreshToken: string;
}

/** Decides one grant type; resolves once everything it promises is flushed, throws `OAuthError` otherwise. */
export type GrantHandler = (form: Parameters, client: Client) => Promise<Issuance>;

export interface TokenOptions {
  readonly clients: Clients;
  readonly tokens: AccessTokens;
  /** By `grant_type`. */
  readonly handlers: ReadonlyMap<string, GrantHandler>;
  readonly log: Log;
}

/** `POST /oauth/token` (RFC 6749 3.2). */
export function createToken({ clients, tokens, handlers, log }: TokenOptions): Handler {
  const failures = createRateLimiter(limits.tokenFailuresPerMinute);

  async function issue(exchange: Exchange, form: Parameters): Promise<void> {
    const grantType = form.require('grant_type');
    const decide = handlers.get(grantType);
    if (!decide) throw new OAuthError(400, 'unsupported_grant_type', 'the grant_type is not supported');
    const client = identifyClient(exchange, form, clients);
    const { grant, scopes, refreshToken } = await decide(form, client);
    const { token, id, expiresInSeconds } = await tokens.issue(grant, scopes);
    log.info('token.issued', { client: client.id, grant: grant.id, token: id, type: grantType });
    respondJson(exchange, 200, {
      access_token: token,
      token_type: 'Bearer',
      expires_in: expiresInSeconds,
      refresh_token: refreshToken,
      scope: scopes.join(' '),
    });
  }

  return async (exchange) => {
    try {
      await issue(exchange, await readForm(exchange));
    } catch (error) {
      // Only what fails is limited: every account on this host has the owner's address, and could lock out their clients.
      const isFailure = error instanceof OAuthError && error.status < 429;
      const wait = isFailure ? failures.take(exchange.peer) : undefined;
      throw wait === undefined ? error : tooManyRequests(wait);
    }
  };
}
