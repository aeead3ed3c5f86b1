import { describe, expect, it } from 'vitest';
import requests from '../corpus/authorize-requests.json' with { type: 'json' };
import redirectUris from '../corpus/redirect-uris.json' with { type: 'json' };
import { startCanary } from '../oauth/canary.ts';
import {
  answerOf,
  authorizeQuery,
  getAuthorize,
  json,
  login,
  newVerifier,
  openPage,
  postForm,
  REDIRECT_URI,
  register,
} from '../oauth/flow.ts';
import type { HttpsAnswer } from '../support/https-request.ts';
import { ENGINES } from '../support/listen.ts';
import { expectFixedPage } from './fixed-page.ts';
import { parametersOf, type Row } from './rows.ts';
import { type Target, useTarget } from './target.ts';

const page = requests.page as readonly Row[];
const client = requests.client as readonly Row[];
const verifier = newVerifier();
const OTHER_URI = 'http://localhost:1/other';

/** Sends a row's request for a fresh client. */
async function send(target: Target, row: Row, CANARY: string): Promise<HttpsAnswer> {
  const CLIENT = await register(target);
  const OTHER = await register(target, { redirect_uris: [OTHER_URI] });
  const good = Object.fromEntries(authorizeQuery(CLIENT, verifier));
  return getAuthorize(
    target,
    parametersOf(row, good, {
      CLIENT,
      OTHER,
      ISSUER: target.issuer,
      LOCALHOST: target.issuer.replace('127.0.0.1', 'localhost'),
      CANARY,
    }),
  );
}

const UNKNOWN = 'The program that sent you here is not registered';
const ELSEWHERE = 'The answer would go to an address that is not registered';

describe.each(ENGINES)('GET /oauth/authorize, on %s', (engine) => {
  const target = useTarget(engine);
  const pending = async (): Promise<number> => (await target().control('pending', {})).pending.length;

  it.each(page)('R29: $name gets a fixed page and no Location', async (row) => {
    const before = await pending();
    const canary = await startCanary();
    const answer = await send(target(), row, canary.url);
    expectFixedPage(answer, row.error === 'invalid_client' ? UNKNOWN : ELSEWHERE);
    await canary.expectSilence();
    expect(await pending()).toBe(before);
  });

  it.each(client)('R29, R33, R38, R39: $name is told to the client by 303: $error', async (row) => {
    const before = await pending();
    const canary = await startCanary();
    const answer = await send(target(), row, canary.url);
    const parameters = answerOf(answer);
    expect(answer.headers.location?.startsWith(`${REDIRECT_URI}?error=`)).toBe(true);
    expect(Object.fromEntries(parameters)).toEqual({
      error: row.error,
      error_description: expect.stringMatching(/^[a-zA-Z0-9_ ]+$/),
      iss: target().issuer,
      state: 'st-4711',
    });
    expect([answer.text, answer.headers['referrer-policy']]).toEqual(['', 'no-referrer']);
    expect(await pending()).toBe(before);
    await canary.expectSilence();
  });

  it('R29: nothing at all gets the page', async () => {
    expectFixedPage(await getAuthorize(target(), ''), UNKNOWN);
    expectFixedPage(await target().request({ path: '/oauth/authorize' }), UNKNOWN);
  });

  it('R29: a POST is 405: no form of another page opens a request', async () => {
    const answer = await postForm(
      target(),
      '/oauth/authorize',
      authorizeQuery(await register(target()), verifier),
    );
    expect([answer.status, answer.headers.allow]).toEqual([405, 'GET, HEAD']);
  });

  it.each(redirectUris.matches)(
    'R32: $registered against $requested is $accepted',
    async ({ registered, requested, accepted }) => {
      const clientId = await register(target(), { redirect_uris: [registered] });
      const query = authorizeQuery(clientId, verifier, { redirect_uri: requested });
      const answer = await getAuthorize(target(), query);
      if (accepted) expect([answer.status, answer.headers.location]).toEqual([200, undefined]);
      else expectFixedPage(answer, ELSEWHERE);
    },
  );

  it('R30, R32: no hostile redirect URI is taken for a registered one', async () => {
    const clientId = await register(target(), { redirect_uris: redirectUris.allowed });
    for (const redirect_uri of redirectUris.refused) {
      const answer = await getAuthorize(target(), authorizeQuery(clientId, verifier, { redirect_uri }));
      expectFixedPage(answer, ELSEWHERE);
    }
  });

  it('R32, R39: another port of a loopback URI gets code, state and iss, the redirect query is kept', async () => {
    const clientId = await register(target(), { redirect_uris: ['http://localhost:7777/cb?tenant=a%20b'] });
    const redirect_uri = 'http://localhost:51999/cb?tenant=a%20b';
    const state = 'a b&c=d\r\nSet-Cookie: x=1\u0000\u202e#?%';
    const waiting = await openPage(target(), clientId, verifier, { redirect_uri, state });
    await target().resolve(waiting.matchCode, true);
    const answer = await target().request({ path: waiting.target });
    expect(answer.headers.location).toMatch(
      /^http:\/\/localhost:51999\/cb\?tenant=a%20b&code=[\w-]{43}&iss=/,
    );
    const { code, ...rest } = Object.fromEntries(answerOf(answer));
    expect(rest).toEqual({ tenant: 'a b', iss: target().issuer, state });
    expect(answer.headers['referrer-policy']).toBe('no-referrer');
  });

  it('R38: the resource is the audience, byte for byte, its scheme, host and last slash normalised', async () => {
    const { port } = target().daemon.state;
    for (const [resource, audience] of [
      [undefined, `https://127.0.0.1:${port}/mcp`],
      [`https://127.0.0.1:${port}/mcp`, `https://127.0.0.1:${port}/mcp`],
      [`https://127.0.0.1:${port}/mcp/`, `https://127.0.0.1:${port}/mcp`],
      [`HTTPS://LOCALHOST:${port}/mcp/`, `https://localhost:${port}/mcp`],
    ] as const) {
      const { tokens } = await login(target(), { resource });
      const [, payload = ''] = tokens.access_token.split('.');
      expect(JSON.parse(Buffer.from(payload, 'base64url').toString()).aud).toBe(audience);
      expect(await target().useToken(tokens.access_token)).toBe(200);
    }
  });

  it('R17: an 8 KiB authorize URL works', async () => {
    const state = 's'.repeat(7_700);
    const waiting = await openPage(target(), await register(target()), verifier, { state });
    await target().resolve(waiting.matchCode, true);
    expect(answerOf(await target().request({ path: waiting.target })).get('state')).toBe(state);
  });

  it('R19: the 61st request of a peer within a minute is 429 with Retry-After', async () => {
    const peer = '127.9.0.3';
    for (let count = 0; count < 60; count++) {
      expect((await target().request({ path: '/oauth/authorize', peer })).status).toBe(400);
    }
    const answer = await target().request({ path: '/oauth/authorize', peer });
    expect([answer.status, answer.headers['content-type']]).toEqual([429, 'text/html; charset=utf-8']);
    expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
    expect((await target().request({ path: '/oauth/authorize', peer: '127.9.0.4' })).status).toBe(400);
  });

  it('R14, R39: no header moves the issuer of an answer, or whom it goes to', async () => {
    const query = authorizeQuery(await register(target()), verifier, { response_type: 'token' });
    const headers = {
      host: `localhost:${target().daemon.state.port}`,
      'x-forwarded-host': 'evil.com',
      'x-forwarded-proto': 'http',
      referer: 'https://evil.com/',
    };
    const answer = await target().request({ path: `/oauth/authorize?${query}`, headers });
    expect(answer.headers.location?.startsWith(`${REDIRECT_URI}?error=`)).toBe(true);
    expect(answerOf(answer).get('iss')).toBe(target().issuer);
    expect(JSON.stringify(answer.headers)).not.toContain('evil');
    expect(json(await target().request({ path: '/health' })).pid).toBe(target().daemon.state.pid);
  });
});
