import { createHmac, createPrivateKey, createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { get, type RequestOptions } from 'node:https';
import { describe, expect, it } from 'vitest';
import { type App, startApp } from '../support/oauth-app.ts';
import { startCanary } from './canary.ts';
import { callMcp, json, login, postForm } from './flow.ts';

const b64 = (value: unknown): string =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');

const NEVER = 1e12;

interface Forge {
  readonly token: string;
  readonly header: Record<string, unknown>;
  readonly claims: Record<string, unknown>;
  /** Signs with our own key whatever header and claims (or their exact text) are given. */
  signed(header?: unknown, claims?: unknown): string;
  publicPem: string;
}

/** A thief who holds our signing key: what only such a one can make is refused for its form. */
async function forge(app: App): Promise<Forge> {
  const { accessToken: token } = await app.oauth().mint({ workspace: '/w', server: 'code' });
  const [header, claims] = token
    .split('.', 2)
    .map((part) => JSON.parse(Buffer.from(part, 'base64url').toString()));
  const [jwk] = JSON.parse(readFileSync(app.paths.signingKeys, 'utf8')).keys;
  const key = createPrivateKey({ key: jwk, format: 'jwk' });
  const publicPem = createPublicKey(key).export({ type: 'spki', format: 'pem' }) as string;
  const signed = (h: unknown = header, c: unknown = claims): string => {
    const text = `${b64(h)}.${b64(c)}`;
    return `${text}.${sign('sha256', Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`;
  };
  return { token, header, claims, signed, publicPem };
}

function corpus(
  { token, header, claims, signed, publicPem }: Forge,
  canaryUrl: string,
): Record<string, string> {
  const [h = '', c = '', s = ''] = token.split('.');
  const now = Math.floor(Date.now() / 1_000);
  const text = JSON.stringify(claims);
  const other = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  const signedByOther = sign('sha256', Buffer.from(`${h}.${c}`), { key: other, dsaEncoding: 'ieee-p1363' });
  const hs256 = `${b64({ ...header, alg: 'HS256' })}.${c}`;
  const without = (name: string): Record<string, unknown> =>
    Object.fromEntries(Object.entries(claims).filter(([key]) => key !== name));
  const last = s.at(-1) ?? '';
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  const headers: Record<string, Record<string, unknown>> = {
    'alg none': { ...header, alg: 'none' },
    'alg None': { ...header, alg: 'None' },
    'alg RS256': { ...header, alg: 'RS256' },
    'alg ES384': { ...header, alg: 'ES384' },
    'kid path': { ...header, kid: '../../x' },
    'kid sql': { ...header, kid: "' OR 1=1" },
    'kid unknown': { ...header, kid: 'unknown' },
    'no kid': { alg: 'ES256', typ: 'at+jwt' },
    jku: { ...header, jku: `${canaryUrl}/jku` },
    x5u: { ...header, x5u: `${canaryUrl}/x5u` },
    jwk: { ...header, jwk: other.export({ format: 'jwk' }) },
    'unknown crit': { ...header, crit: ['x'], x: 1 },
    'typ JWT': { ...header, typ: 'JWT' },
    'no typ': { alg: header.alg, kid: header.kid },
  };
  const bodies: Record<string, unknown> = {
    'iss in upper case': { ...claims, iss: String(claims.iss).toUpperCase() },
    'iss with a slash': { ...claims, iss: `${claims.iss}/` },
    'another aud': { ...claims, aud: 'https://evil.com/mcp' },
    'a list of foreign aud': { ...claims, aud: ['https://evil.com/mcp'] },
    'a list with our aud': { ...claims, aud: [claims.aud] },
    'exp past': { ...claims, exp: now - 1 },
    'exp a string': { ...claims, exp: String(NEVER) },
    'exp a fraction': { ...claims, exp: now + 100.5 },
    'exp infinite': text.replace(/"exp":\d+/, '"exp":1e400'),
    'nbf in 10 min': { ...claims, nbf: now + 600 },
    'iat in 10 min': { ...claims, iat: now + 600 },
    'another subject': { ...claims, sub: 'root' },
    'another client': { ...claims, client_id: 'other' },
    'an unknown grant': { ...claims, grant: 'f'.repeat(32) },
    'a claim twice': text.replace('{', `{"exp":${NEVER},`),
    'white space in the claims': JSON.stringify(claims, null, 1),
    'no object': '"x"',
    'no JSON': '{',
    ...Object.fromEntries(Object.keys(claims).map((name) => [`no ${name}`, without(name)])),
  };
  return {
    ...Object.fromEntries(Object.entries(headers).map(([what, value]) => [what, signed(value)])),
    ...Object.fromEntries(Object.entries(bodies).map(([what, value]) => [what, signed(header, value)])),
    'alg none without signature': `${b64({ alg: 'none', typ: 'at+jwt' })}.${c}.`,
    'HS256 with the public key': `${hs256}.${createHmac('sha256', publicPem).update(hs256).digest('base64url')}`,
    'a flipped claim': `${h}.${b64(text.replace('"mcp"', '"mcq"'))}.${s}`,
    'a flipped signature': `${h}.${c}.${s.startsWith('A') ? 'B' : 'A'}${s.slice(1)}`,
    'the spare bits of the signature': `${h}.${c}.${s.slice(0, -1)}${alphabet[alphabet.indexOf(last) ^ 1]}`,
    'no signature': `${h}.${c}.`,
    'a doubled signature': `${h}.${c}.${s}${s}`,
    'r = s = 0': `${h}.${c}.${Buffer.alloc(64).toString('base64url')}`,
    "another install's key": `${h}.${c}.${signedByOther.toString('base64url')}`,
    'two parts': `${h}.${c}`,
    'four parts': `${token}.x`,
    'five parts': `${h}.${c}.${s}.${s}.${s}`,
    'six parts': `${h}.${c}.${s}.x.y.z`,
    'padded base64': `${h}=.${c}.${s}`,
    'white space inside': `${h}. ${c}.${s}`,
    'standard base64': `${h}.${c}.${s.slice(0, -1)}+`,
    'a single character': 'x',
    '10,000 characters': 'x'.repeat(10_000),
  };
}

/** Opens the stream; the promise resolves when the server ends it. */
function openStream(app: App, token: string, ca: string): Promise<{ ended: Promise<void> }> {
  return new Promise((resolve, reject) => {
    const options: RequestOptions = {
      host: '127.0.0.1',
      port: app.port,
      path: '/mcp/stream',
      ca,
      agent: false,
    };
    get({ ...options, headers: { authorization: `Bearer ${token}` } }, (response) => {
      const ended = new Promise<void>((done) => response.once('end', done));
      response.once('data', () => resolve({ ended }));
      response.resume();
    }).on('error', reject);
  });
}

describe.each(['uws', 'https'] as const)('the Bearer check on %s', (engine) => {
  it('R42: every forged or spoilt token is 401 invalid_token, and nothing is fetched', async () => {
    const app = await startApp({ engine });
    const canary = await startCanary();
    const forged = await forge(app);
    expect((await callMcp(app, forged.signed())).status).toBe(200);
    for (const [what, token] of Object.entries(corpus(forged, canary.url))) {
      const answer = await callMcp(app, token);
      expect([what, answer.status]).toEqual([what, 401]);
      expect(answer.headers['www-authenticate']).toBe(
        `Bearer error="invalid_token", error_description="the token is unknown, expired or revoked", scope="mcp", resource_metadata="${app.issuer}/.well-known/oauth-protected-resource/mcp"`,
      );
      expect(answer.headers['cache-control']).toBe('no-store');
    }
    await canary.expectSilence();
    await app.oauth().revokeClient('launcher');
    expect((await callMcp(app, forged.token)).status).toBe(401);
  });

  it('R43: without credentials the challenge names no error, under the host that was asked', async () => {
    const app = await startApp({ engine });
    for (const authorization of [undefined, 'Basic x', 'Bearer', 'Bearer ', 'Bear x', 'x']) {
      const headers: Record<string, string> = authorization === undefined ? {} : { authorization };
      const answer = await app.request({
        path: '/mcp',
        headers: { host: `localhost:${app.port}`, ...headers },
      });
      expect([authorization, answer.status]).toEqual([authorization, 401]);
      expect(answer.headers['www-authenticate']).toBe(
        `Bearer scope="mcp", resource_metadata="https://localhost:${app.port}/.well-known/oauth-protected-resource/mcp"`,
      );
    }
  });

  it('R43: a refresh token is no bearer, a token in the query is ignored and beside a header 400', async () => {
    const app = await startApp({ engine });
    const { tokens } = await login(app);
    expect((await callMcp(app, tokens.refresh_token)).status).toBe(401);
    const path = `/mcp?access_token=${tokens.access_token}`;
    expect((await app.request({ path })).status).toBe(401);
    const headers = { authorization: `Bearer ${tokens.access_token}` };
    const both = await app.request({ path, headers });
    expect([both.status, json(both).error]).toEqual([400, 'invalid_request']);
    expect((await app.request({ path: '/mcp?x=1', headers })).status).toBe(200);
  });

  it('R43: the scheme is read in any case', async () => {
    const app = await startApp({ engine });
    const { tokens } = await login(app);
    for (const scheme of ['bearer', 'BEARER', 'bEaReR']) {
      const headers = { authorization: `${scheme} ${tokens.access_token}` };
      expect((await app.request({ path: '/mcp', headers })).status).toBe(200);
    }
  });

  it('R44: a token without the scope is 403 insufficient_scope, before anything runs', async () => {
    const app = await startApp({ engine });
    const { claims, header, signed } = await forge(app);
    for (let time = 0; time < 2; time++) {
      const answer = await callMcp(app, signed(header, { ...claims, scope: '' }));
      expect(answer.status).toBe(403);
      expect(answer.headers['www-authenticate']).toMatch(
        /^Bearer error="insufficient_scope", .*scope="mcp", resource_metadata="https:/,
      );
    }
  });

  it('R45: a stream is closed when its token is revoked, and when it expires by a jump of the clock', async () => {
    const app = await startApp({ engine });
    const ca = readFileSync(app.paths.caBundle, 'utf8');
    const revoked = await login(app);
    const stream = await openStream(app, revoked.tokens.access_token, ca);
    const form = { client_id: revoked.clientId, token: revoked.tokens.refresh_token };
    await postForm(app, '/oauth/revoke', form);
    await stream.ended;
    const expiring = await login(app);
    const other = await openStream(app, expiring.tokens.access_token, ca);
    app.shiftClock(2 * 3_600_000);
    await other.ended;
    expect((await callMcp(app, expiring.tokens.access_token)).status).toBe(401);
  });

  it('R45: with the clock set back, expired tokens stay dead, over a restart too', async () => {
    const app = await startApp({ engine });
    const { tokens } = await login(app);
    app.shiftClock(2 * 3_600_000);
    expect((await callMcp(app, tokens.access_token)).status).toBe(401);
    app.shiftClock(0);
    expect((await callMcp(app, tokens.access_token)).status).toBe(401);
    await app.restart();
    expect((await callMcp(app, tokens.access_token)).status).toBe(401);
    const fresh = await login(app);
    expect((await callMcp(app, fresh.tokens.access_token)).status).toBe(200);
  });

  it('R45: 60 s of clock either way change nothing', async () => {
    const app = await startApp({ engine });
    const { tokens } = await login(app);
    for (const shift of [-60_000, 60_000, 0]) {
      app.shiftClock(shift);
      expect((await callMcp(app, tokens.access_token)).status).toBe(200);
    }
  });
});
