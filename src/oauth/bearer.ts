import type { Caller } from '../caller.ts';
import { type Exchange, respondJson } from '../exchange.ts';
import type { Log } from '../log.ts';
import type { LogRefusal } from '../refusal-log.ts';
import type { AccessTokens } from './access-token.ts';
import type { Grants } from './grants.ts';
import type { Resources } from './resource.ts';
import type { Revocations } from './revocations.ts';
import { SCOPE } from './scope.ts';
import type { VerifiedTokens } from './verified-tokens.ts';

export interface BearerOptions {
  readonly tokens: AccessTokens;
  readonly verified: VerifiedTokens;
  readonly grants: Grants;
  readonly revocations: Revocations;
  readonly resources: Resources;
  readonly log: Log;
  readonly logRefusal: LogRefusal;
}

/** The caller, or undefined once the exchange was answered. Synchronous for a token that was proven before. */
export type Authenticate = (exchange: Exchange) => Caller | undefined | Promise<Caller | undefined>;

interface Refusal {
  readonly status: 400 | 401 | 403;
  /** RFC 6750 3.1; none when no credentials came. */
  readonly error?: 'invalid_request' | 'invalid_token' | 'insufficient_scope';
  readonly description: string;
}

const NO_CREDENTIALS: Refusal = { status: 401, description: 'a bearer token is needed' };
const TWO_WAYS: Refusal = {
  status: 400,
  error: 'invalid_request',
  description: 'the token belongs in one Authorization header and nowhere else',
};
const NOT_VALID: Refusal = {
  status: 401,
  error: 'invalid_token',
  description: 'the token is unknown, expired or revoked',
};
const NOT_ENOUGH: Refusal = {
  status: 403,
  error: 'insufficient_scope',
  description: `the token lacks the scope ${SCOPE}`,
};

const METADATA_PATH = '/.well-known/oauth-protected-resource/mcp';
const SCHEME = 'bearer ';

/** The token of the header, or the refusal. A token in the query is never read, only refused beside another (R43). */
function readToken({ headers, repeated, query }: Exchange): string | Refusal {
  const { authorization = '' } = headers;
  if (authorization.slice(0, SCHEME.length).toLowerCase() !== SCHEME) return NO_CREDENTIALS;
  const token = authorization.slice(SCHEME.length).trim();
  if (token === '') return NO_CREDENTIALS;
  const isRepeated = repeated.includes('authorization');
  return isRepeated || (query !== '' && /(?:^|&)access_token=/.test(query)) ? TWO_WAYS : token;
}

/** The Bearer check of RFC 6750 for every path under /mcp. */
export function createAuthenticate(options: BearerOptions): Authenticate {
  const { tokens, verified, grants, revocations, resources, log, logRefusal } = options;

  function refuse(exchange: Exchange, { status, error, description }: Refusal): undefined {
    const metadata = `${new URL(resources.forHost(exchange.headers.host)).origin}${METADATA_PATH}`;
    const challenge = [
      ...(error ? [`error="${error}"`, `error_description="${description}"`] : []),
      `scope="${SCOPE}"`,
      `resource_metadata="${metadata}"`,
    ].join(', ');
    logRefusal('bearer.refused', { path: exchange.path, peer: exchange.peer, status, error });
    const body = { error: error ?? 'invalid_token', error_description: description };
    respondJson(exchange, status, body, { 'www-authenticate': `Bearer ${challenge}` });
  }

  async function findCaller(token: string): Promise<Caller | undefined> {
    const proven = await tokens.prove(token);
    if (!proven) return undefined;
    const { id: tokenId, grantId, clientId, scopes, expiresAtMs } = proven;
    // No waiting from here on: what is remembered as good is good at this moment.
    const grant = grants.find(grantId);
    if (grant?.clientId !== clientId || revocations.has(tokenId)) return undefined;
    const owner = { grantId, tokenId, clientId, scopes, workspace: grant.workspace };
    return verified.add(token, owner, expiresAtMs);
  }

  function admit(exchange: Exchange, caller: Caller | undefined): Caller | undefined {
    if (!caller) return refuse(exchange, NOT_VALID);
    exchange.vouch();
    return caller.scopes.includes(SCOPE) ? caller : refuse(exchange, NOT_ENOUGH);
  }

  async function prove(exchange: Exchange, token: string): Promise<Caller | undefined> {
    let caller: Caller | undefined;
    try {
      caller = await findCaller(token);
    } catch (error) {
      // Not 401: Claude Code 2.1.197 would remember that for 15 minutes and not ask again (measured).
      log.error('bearer.failed', { reason: String(error) });
      const body = { error: 'temporarily_unavailable', error_description: 'try again later' };
      respondJson(exchange, 503, body, { 'retry-after': '1' });
      return undefined;
    }
    return admit(exchange, caller);
  }

  return (exchange) => {
    const token = readToken(exchange);
    if (typeof token !== 'string') return refuse(exchange, token);
    const known = verified.get(token);
    return known ? admit(exchange, known) : prove(exchange, token);
  };
}
