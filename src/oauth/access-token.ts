import { errors, type JWTPayload, jwtVerify, SignJWT } from 'jose';
import { limits } from '../limits.ts';
import type { Clock } from './clock.ts';
import type { Grant } from './grants.ts';
import { ALGORITHM, type SigningKey, type SigningKeys } from './keys.ts';
import { newId } from './secrets.ts';

const MS_PER_SECOND = 1_000;
const TYPE = 'at+jwt';
/** The owner of this machine's account is the only resource owner there is. */
const SUBJECT = 'owner';
const CLAIMS = ['iss', 'sub', 'aud', 'exp', 'iat', 'jti', 'client_id', 'scope', 'grant'];
// Three parts of base64url without padding, the last one 64 bytes: what is not shaped so is not ours.
const SHAPE = /^[\w-]{1,512}\.[\w-]{1,1536}\.[\w-]{86}$/;

export interface IssuedToken {
  readonly token: string;
  /** `jti`. */
  readonly id: string;
  readonly expiresInSeconds: number;
}

export interface ProvenToken {
  readonly id: string;
  readonly grantId: string;
  readonly clientId: string;
  readonly scopes: readonly string[];
  readonly expiresAtMs: number;
}

export interface AccessTokens {
  /** A token for the grant (RFC 9068), for `scopes` out of the grant's; it never outlives the grant. */
  issue(grant: Grant, scopes?: readonly string[]): Promise<IssuedToken>;
  /** What the token says if it is one of ours and has not expired; whether it was revoked is not asked here. */
  prove(token: string): Promise<ProvenToken | undefined>;
}

export interface AccessTokenOptions {
  readonly issuer: string;
  readonly audiences: readonly string[];
  readonly keys: SigningKeys;
  readonly clock: Clock;
}

const headerOf = ({ id }: SigningKey) => ({ alg: ALGORITHM, typ: TYPE, kid: id });

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

/**
 * The token is, byte for byte, one that we would write: no second spelling of its base64url or JSON, no claim
 * twice. Otherwise one token would have many names, and two readers could read it differently (R42).
 */
function isCanonical(token: string, payload: JWTPayload): boolean {
  const [, body = '', signature = ''] = token.split('.');
  return encode(payload) === body && Buffer.from(signature, 'base64url').toString('base64url') === signature;
}

function readClaims(payload: JWTPayload, nowMs: number): ProvenToken | undefined {
  const { aud, exp = 0, iat = 0, jti, client_id, scope, grant } = payload;
  const isWhole =
    typeof aud === 'string' &&
    typeof jti === 'string' &&
    typeof client_id === 'string' &&
    typeof scope === 'string' &&
    typeof grant === 'string' &&
    Number.isSafeInteger(exp) &&
    Number.isSafeInteger(iat) &&
    exp * MS_PER_SECOND > nowMs &&
    iat * MS_PER_SECOND <= nowMs + limits.clockSkewMs;
  if (!isWhole) return undefined;
  const scopes = scope.split(' ').filter((name) => name !== '');
  return { id: jti, grantId: grant, clientId: client_id, scopes, expiresAtMs: exp * MS_PER_SECOND };
}

export function createAccessTokens({ issuer, audiences, keys, clock }: AccessTokenOptions): AccessTokens {
  const [signer] = keys;
  // Looking the whole header up refuses every other alg, typ, kid, jku, jwk, x5u and crit before any cryptography.
  const keyByHeader = new Map(keys.map((key) => [encode(headerOf(key)), key.publicKey]));
  const options = {
    algorithms: [ALGORITHM],
    issuer,
    audience: [...audiences],
    typ: TYPE,
    subject: SUBJECT,
    requiredClaims: CLAIMS,
    clockTolerance: limits.clockSkewMs / MS_PER_SECOND,
  };

  return {
    async issue(grant, scopes = grant.scopes) {
      const nowMs = clock.nowMs();
      const lifeMs = Math.min(limits.accessTokenMs, grant.expiresAtMs - nowMs);
      const issuedAt = Math.floor(nowMs / MS_PER_SECOND);
      const expiresInSeconds = Math.floor(lifeMs / MS_PER_SECOND);
      const id = newId();
      const claims = {
        iss: issuer,
        sub: SUBJECT,
        aud: grant.resource,
        exp: issuedAt + expiresInSeconds,
        iat: issuedAt,
        jti: id,
        client_id: grant.clientId,
        scope: scopes.join(' '),
        grant: grant.id,
      };
      const token = await new SignJWT(claims).setProtectedHeader(headerOf(signer)).sign(signer.privateKey);
      return { token, id, expiresInSeconds };
    },

    async prove(token) {
      if (!SHAPE.test(token)) return undefined;
      const key = keyByHeader.get(token.slice(0, token.indexOf('.')));
      if (key === undefined) return undefined;
      const nowMs = clock.nowMs();
      try {
        const { payload } = await jwtVerify(token, key, { ...options, currentDate: new Date(nowMs) });
        return isCanonical(token, payload) ? readClaims(payload, nowMs) : undefined;
      } catch (error) {
        if (error instanceof errors.JOSEError) return undefined;
        throw error;
      }
    },
  };
}
