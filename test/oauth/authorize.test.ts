import { describe, expect, it } from 'vitest';
import { startApp } from '../support/oauth-app.ts';
import {
  answerOf,
  authorizeQuery,
  codeForm,
  getAuthorize,
  login,
  newVerifier,
  obtainCode,
  openPage,
  postForm,
  REDIRECT_URI,
  register,
} from './flow.ts';

const verifier = newVerifier();

describe.each(['uws', 'https'] as const)('GET /oauth/authorize on %s', (engine) => {
  it('R29: a client or redirect URI that is not certain gets a page and no Location', async () => {
    const app = await startApp({ engine });
    const clientId = await register(app);
    const good = authorizeQuery(clientId, verifier);
    const other = await register(app, { redirect_uris: ['http://localhost:1/other'] });
    const queries: Record<string, string> = {
      'unknown client': `${authorizeQuery('nobody', verifier)}`,
      'the launcher': `${authorizeQuery('launcher', verifier)}`,
      'no client': `${authorizeQuery(clientId, verifier, { client_id: undefined })}`,
      'two clients': `${good}&client_id=${other}`,
      'two redirect URIs': `${good}&redirect_uri=${encodeURIComponent('http://localhost:1/other')}`,
      'no redirect URI': `${authorizeQuery(clientId, verifier, { redirect_uri: undefined })}`,
      "another client's redirect URI": `${authorizeQuery(other, verifier)}`,
      'localhost for 127.0.0.1': `${authorizeQuery(clientId, verifier, { redirect_uri: 'http://localhost:33418/callback' })}`,
      'https for http': `${authorizeQuery(clientId, verifier, { redirect_uri: 'https://127.0.0.1:33418/callback' })}`,
      'a longer path': `${authorizeQuery(clientId, verifier, { redirect_uri: `${REDIRECT_URI}/x` })}`,
      'an added query': `${authorizeQuery(clientId, verifier, { redirect_uri: `${REDIRECT_URI}?x=1` })}`,
      'an evil host': `${authorizeQuery(clientId, verifier, { redirect_uri: 'https://evil.com/callback' })}`,
      nothing: '',
    };
    for (const [what, query] of Object.entries(queries)) {
      const answer = await getAuthorize(app, query);
      expect([what, answer.status, answer.headers.location]).toEqual([what, 400, undefined]);
      expect(answer.headers['content-type']).toBe('text/html; charset=utf-8');
    }
    expect(app.oauth().pending()).toEqual([]);
  });

  it.each([
    ['response_type token', { response_type: 'token' }, 'unsupported_response_type'],
    ['response_type none', { response_type: 'none' }, 'unsupported_response_type'],
    ['no response_type', { response_type: undefined }, 'invalid_request'],
    ['response_mode fragment', { response_mode: 'fragment' }, 'invalid_request'],
    ['prompt none', { prompt: 'none' }, 'consent_required'],
    ['prompt login none', { prompt: 'login none' }, 'consent_required'],
    ['request', { request: 'eyJ.eyJ.x' }, 'request_not_supported'],
    ['request_uri', { request_uri: 'https://evil.com/r' }, 'request_uri_not_supported'],
    ['an unknown scope', { scope: 'mcp admin' }, 'invalid_scope'],
    ['no challenge', { code_challenge: undefined }, 'invalid_request'],
    ['plain', { code_challenge_method: 'plain' }, 'invalid_request'],
    ['no method', { code_challenge_method: undefined }, 'invalid_request'],
    ['a short challenge', { code_challenge: 'x'.repeat(42) }, 'invalid_request'],
    ['a long challenge', { code_challenge: 'x'.repeat(44) }, 'invalid_request'],
    ['a challenge in base64', { code_challenge: `${'x'.repeat(42)}+` }, 'invalid_request'],
    ['a foreign resource', { resource: 'https://evil.com/mcp' }, 'invalid_target'],
    ['a relative resource', { resource: '/mcp' }, 'invalid_target'],
    ['a resource with a fragment', { resource: 'https://127.0.0.1/mcp#x' }, 'invalid_target'],
  ])('R29, R33, R38: %s is told to the client by 303', async (_, overrides, error) => {
    const app = await startApp({ engine });
    const clientId = await register(app);
    const answer = await getAuthorize(app, authorizeQuery(clientId, verifier, overrides));
    const parameters = answerOf(answer);
    expect(answer.headers.location?.startsWith(`${REDIRECT_URI}?`)).toBe(true);
    expect(parameters.get('error')).toBe(error);
    expect(parameters.get('state')).toBe('st-4711');
    expect(parameters.get('iss')).toBe(app.issuer);
    expect(parameters.has('code')).toBe(false);
    expect(answer.headers['referrer-policy']).toBe('no-referrer');
  });

  it('R29: a parameter that comes twice is invalid_request; R38: two resources, one foreign, invalid_target', async () => {
    const app = await startApp({ engine });
    const good = authorizeQuery(await register(app), verifier);
    expect(answerOf(await getAuthorize(app, `${good}&scope=mcp&scope=mcp`)).get('error')).toBe(
      'invalid_request',
    );
    const two = `${good}&resource=${app.issuer}/mcp&resource=https://evil.com/mcp`;
    expect(answerOf(await getAuthorize(app, two)).get('error')).toBe('invalid_target');
  });

  it('R32: the port of a registered loopback URI may differ, and the answer goes there', async () => {
    const app = await startApp({ engine });
    const redirect_uri = 'http://127.0.0.1:51999/callback';
    const page = await openPage(app, await register(app), verifier, { redirect_uri });
    await app.oauth().resolve(page.matchCode, true);
    const answer = await app.request({ path: page.target });
    expect(answer.headers.location?.startsWith(`${redirect_uri}?`)).toBe(true);
  });

  it('R39: success carries code, state and iss, and keeps the query of the redirect URI', async () => {
    const app = await startApp({ engine });
    const uri = 'http://localhost:7777/cb?tenant=a%20b';
    const clientId = await register(app, { redirect_uris: [uri] });
    const state = 'a b&c=d\r\nSet-Cookie: x=1\u0000\u202e';
    const page = await openPage(app, clientId, verifier, { redirect_uri: uri, state });
    await app.oauth().resolve(page.matchCode, true);
    const answer = await app.request({ path: page.target });
    expect(answer.headers.location?.startsWith(`${uri}&`)).toBe(true);
    expect(answer.headers['set-cookie']).toBeUndefined();
    const parameters = answerOf(answer);
    expect(parameters.get('state')).toBe(state);
    expect(parameters.get('iss')).toBe(app.issuer);
    expect(parameters.get('code')).toMatch(/^[\w-]{43}$/);
  });

  it('R38: the resource named is the audience, its case and slash normalised', async () => {
    const app = await startApp({ engine });
    const { tokens } = await login(app, { resource: `HTTPS://LOCALHOST:${app.port}/mcp/` });
    const payload = JSON.parse(Buffer.from(tokens.access_token.split('.')[1] ?? '', 'base64url').toString());
    expect(payload.aud).toBe(`https://localhost:${app.port}/mcp`);
  });

  it('R38: at the token endpoint a resource that is not the one of the code is invalid_target', async () => {
    const app = await startApp({ engine });
    const clientId = await register(app);
    for (const resource of [`https://localhost:${app.port}/mcp`, 'https://evil.com/mcp', 'mcp']) {
      const code = await obtainCode(app, clientId, verifier);
      const answer = await postForm(app, '/oauth/token', codeForm(clientId, code, verifier, { resource }));
      expect([answer.status, JSON.parse(answer.text).error]).toEqual([400, 'invalid_target']);
    }
  });

  it('R17: an 8 KiB authorize URL works', async () => {
    const app = await startApp({ engine });
    const state = 's'.repeat(7_500);
    await openPage(app, await register(app), verifier, { state });
  });

  it('R19: the 61st request within a minute is 429 with Retry-After', async () => {
    const app = await startApp({ engine });
    for (let count = 0; count < 60; count++) await getAuthorize(app, '');
    const answer = await getAuthorize(app, '');
    expect(answer.status).toBe(429);
    expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
  });

  it('R27: a frame, an image or a fetch gets 403; T4: so does another machine', async () => {
    const app = await startApp({ engine });
    const path = `/oauth/authorize?${authorizeQuery(await register(app), verifier)}`;
    for (const destination of ['iframe', 'image', 'script', 'empty', 'object']) {
      const answer = await app.request({ path, headers: { 'sec-fetch-dest': destination } });
      expect(answer.status).toBe(403);
    }
    expect((await app.request({ path, headers: { 'sec-fetch-dest': 'document' } })).status).toBe(200);
    app.pretendPeer('192.168.1.7');
    expect((await app.request({ path })).status).toBe(403);
    expect(app.oauth().pending()).toHaveLength(1);
  });
});
