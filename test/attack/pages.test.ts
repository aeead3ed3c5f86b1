import { createHash } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import { type Attacked, startAttacked } from '../support/attacked.ts';
import type { HttpsAnswer } from '../support/https-request.ts';
import { ENGINES } from '../support/listen.ts';
import { ask } from '../support/oauth-client.ts';

const FORM = { 'content-type': 'application/x-www-form-urlencoded' };
/** Origins that would add a source, a directive or an end to the policy if they stood in it. */
const HOSTILE_ORIGINS = [
  "http://127.0.0.1:9;script-src 'unsafe-inline'",
  'http://127.0.0.1:9; script-src *',
  "http://127.0.0.1:9 'unsafe-inline'",
  'http://127.0.0.1:9 https://evil.com',
  'http://127.0.0.1:9,default-src *',
  "http://127.0.0.1:9'",
  'http://127.0.0.1:9"',
  'http://127.0.0.1:9\tx',
  'http://127.0.0.1:9\r\nx: y',
  'http://127.0.0.1:*',
  'http://*:9',
  'http://[::1;x]:9',
];

describe.each(ENGINES)('pages of the built daemon on %s', (engine) => {
  let attacked: Attacked;
  beforeEach(async () => {
    attacked = await startAttacked(engine);
  });

  const register = (redirectUri: string): Promise<HttpsAnswer> =>
    ask(attacked.home, {
      path: '/oauth/register',
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ redirect_uris: [redirectUri] }),
    });

  const authorize = (clientId: string, redirectUri: string): string =>
    `/oauth/authorize?${new URLSearchParams({
      response_type: 'code',
      client_id: clientId,
      redirect_uri: redirectUri,
      code_challenge: 'a'.repeat(43),
      code_challenge_method: 'S256',
    })}`;

  /** R23, header by header. */
  function expectPage({ headers, text }: HttpsAnswer, formAction: string): void {
    const style = /<style>([\s\S]*?)<\/style>/.exec(text)?.[1] ?? '';
    const hash = createHash('sha256').update(style).digest('base64');
    expect(headers).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-store',
      'content-security-policy': `default-src 'none'; style-src 'sha256-${hash}'; frame-ancestors 'none'; base-uri 'none'; form-action ${formAction}`,
      'x-frame-options': 'DENY',
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
    });
    expect(headers).not.toHaveProperty('set-cookie');
    expect(text).not.toMatch(
      /<script|<iframe|<img|<link|<base|<object|javascript:|\son\w+=|style=|src=|@import/i,
    );
    const addresses = [...text.matchAll(/(?:href|action|url)=["']?([^"'\s>]+)/gi)].map((match) => match[1]);
    expect(addresses.filter((address) => !/^\/(?!\/)/.test(address!))).toEqual([]);
  }

  it('R23: every page has the whole set of headers, and nothing that runs or is fetched', async () => {
    const { home } = attacked;
    const redirectUri = 'http://127.0.0.1:9/callback';
    const { client_id: id } = JSON.parse((await register(redirectUri)).text);
    const waiting = await ask(home, { path: authorize(id, redirectUri) });
    expect(waiting.status).toBe(200);
    expectPage(waiting, "'self' http://127.0.0.1:9");
    const ported = await ask(home, { path: authorize(id, 'http://127.0.0.1:12345/callback') });
    expect(ported.status).toBe(200);
    expectPage(ported, "'self' http://127.0.0.1:12345");
    const framed = { 'sec-fetch-dest': 'iframe', 'sec-fetch-site': 'cross-site' };
    const refused: [number, Promise<HttpsAnswer>][] = [
      [400, ask(home, { path: '/oauth/authorize' })],
      [400, ask(home, { path: authorize(id, 'https://evil.com/') })],
      [403, ask(home, { path: authorize(id, redirectUri), headers: framed })],
      [400, ask(home, { path: '/oauth/consent?transaction=x' })],
      [400, ask(home, { path: '/oauth/consent', method: 'POST', headers: FORM, body: 'transaction=x' })],
      [413, ask(home, { path: '/oauth/consent', method: 'POST', headers: FORM, body: 'x'.repeat(20_000) })],
    ];
    for (const [status, answer] of refused) {
      const page = await answer;
      expect(page.status).toBe(status);
      expect(page.headers).not.toHaveProperty('location');
      // The engine answers what is too large before anybody knows for whom.
      if (status !== 413) expectPage(page, "'self'");
    }
  });

  it('R23: nothing in a redirect URI adds a word to the policy', async () => {
    const { home } = attacked;
    const { client_id: id } = JSON.parse((await register('http://127.0.0.1:9/callback')).text);
    for (const origin of HOSTILE_ORIGINS) {
      const uri = `${origin}/callback`;
      const { status, text } = await register(uri);
      expect([origin, status, JSON.parse(text).error]).toEqual([origin, 400, 'invalid_redirect_uri']);
      const page = await ask(home, { path: authorize(id, uri) });
      expect(page.status, origin).toBe(400);
      expect(page.headers, origin).not.toHaveProperty('location');
      expectPage(page, "'self'");
    }
  });
});
