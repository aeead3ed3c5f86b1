import { describe, expect, it } from 'vitest';
import requests from '../corpus/token-requests.json' with { type: 'json' };
import {
  challengeOf,
  codeForm,
  json,
  newVerifier,
  obtainCode,
  postForm,
  refresh,
  register,
  type TokenAnswer,
} from '../oauth/flow.ts';
import type { HttpsAnswer } from '../support/https-request.ts';
import { ENGINES } from '../support/listen.ts';
import { formRequest, outcomeOf, type TokenRow, type Words } from './rows.ts';
import { type Target, useTarget } from './target.ts';

const verifier = newVerifier();
const invalidGrant = { status: 400, error: 'invalid_grant' };

interface Issued {
  readonly clientId: string;
  readonly code: string;
}

async function issue(target: Target): Promise<Issued> {
  const clientId = await register(target);
  return { clientId, code: await obtainCode(target, clientId, verifier) };
}

const redeem = (target: Target, { clientId, code }: Issued): Promise<HttpsAnswer> =>
  postForm(target, '/oauth/token', codeForm(clientId, code, verifier));

const tokensOf = ({ text }: HttpsAnswer): TokenAnswer => JSON.parse(text) as TokenAnswer;

async function wordsFor(target: Target, clientId: string): Promise<Words> {
  return {
    CHALLENGE: challengeOf(verifier),
    OTHER: await register(target),
    ISSUER: target.issuer,
    LOCALHOST: target.issuer.replace('127.0.0.1', 'localhost'),
    BASIC_CLIENT: `Basic ${Buffer.from(`${clientId}:`).toString('base64')}`,
  };
}

describe.each(ENGINES)('a code at POST /oauth/token, on %s', (engine) => {
  const target = useTarget(engine);

  it('R37: gives a Bearer token of at most an hour, not to be cached, and nothing else', async () => {
    const issued = await issue(target());
    const answer = await redeem(target(), issued);
    expect([answer.status, answer.headers['cache-control']]).toEqual([200, 'no-store']);
    expect(answer.headers['content-type']).toBe('application/json');
    const tokens = tokensOf(answer);
    expect(tokens).toEqual({
      access_token: expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+$/),
      token_type: 'Bearer',
      expires_in: expect.any(Number),
      refresh_token: expect.stringMatching(/^[\w-]{43}\.[\w-]{43}$/),
      scope: 'mcp',
    });
    expect(tokens.expires_in).toBeLessThanOrEqual(3_600);
    expect(tokens.expires_in).toBeGreaterThan(3_590);
    // R17: with MCP headers beside it, it must stay far below what a header may be.
    expect(tokens.access_token.length).toBeLessThanOrEqual(2_048);
    expect(await target().useToken(tokens.access_token)).toBe(200);
  });

  it.each(requests.code as readonly TokenRow[])(
    'R33, R34, R37, R38: $name is $status $error; burned: $burned',
    async (row) => {
      const issued = await issue(target());
      const good = codeForm(issued.clientId, issued.code, verifier);
      const words = await wordsFor(target(), issued.clientId);
      const answer = await target().request(formRequest('/oauth/token', row, good, words));
      expect(outcomeOf(answer)).toEqual({ status: row.status, error: row.error });
      expect(Object.keys(json(answer))).toEqual(['error', 'error_description']);
      const challenge = answer.headers['www-authenticate'];
      expect(challenge).toBe(row.authorization && 'Basic realm="claude-secure"');
      const after = await redeem(target(), issued);
      expect(outcomeOf(after)).toEqual(row.burned ? invalidGrant : { status: 200 });
      expect(await target().grants(issued.clientId)).toBe(row.burned ? 0 : 1);
    },
  );

  it.each(['GET', 'HEAD', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'])('R37: %s is 405', async (method) => {
    const answer = await target().request({ path: '/oauth/token', method });
    expect([answer.status, answer.headers.allow]).toEqual([405, 'POST']);
  });

  it('R34: is of at least 128 bits, and no code, transaction or refresh token is like another', async () => {
    const codes = await Promise.all(Array.from({ length: 20 }, () => issue(target())));
    expect(new Set(codes.map(({ code }) => code)).size).toBe(20);
    for (const { code } of codes) expect(Buffer.from(code, 'base64url')).toHaveLength(32);
  });

  it('R34: replayed it ends every token of its grant, rotated ones too, and no other grant', async () => {
    const issued = await issue(target());
    const first = tokensOf(await redeem(target(), issued));
    const other = await obtainCode(target(), issued.clientId, verifier);
    const kept = tokensOf(await redeem(target(), { ...issued, code: other }));
    const rotated = tokensOf(await refresh(target(), issued.clientId, first.refresh_token));
    expect(await target().useToken(first.access_token)).toBe(200);
    expect(await target().useToken(rotated.access_token)).toBe(200);
    expect(outcomeOf(await redeem(target(), issued))).toEqual(invalidGrant);
    for (const { access_token, refresh_token } of [first, rotated]) {
      expect(await target().useToken(access_token)).toBe(401);
      expect(outcomeOf(await refresh(target(), issued.clientId, refresh_token))).toEqual(invalidGrant);
    }
    expect(await target().useToken(kept.access_token)).toBe(200);
    expect(await target().grants(issued.clientId)).toBe(1);
  });

  it('R34: replayed by another client, or with a wrong verifier, it ends the grant all the same', async () => {
    for (const wrong of [{ client_id: await register(target()) }, { code_verifier: newVerifier() }]) {
      const issued = await issue(target());
      const { access_token } = tokensOf(await redeem(target(), issued));
      const form = codeForm(issued.clientId, issued.code, verifier, wrong as Record<string, string>);
      expect(outcomeOf(await postForm(target(), '/oauth/token', form))).toEqual(invalidGrant);
      expect(await target().useToken(access_token)).toBe(401);
    }
  });

  it('R35: of 50 redemptions at once at most one succeeds, and its grant does not outlive the race', async () => {
    const issued = await issue(target());
    const answers = await Promise.all(Array.from({ length: 50 }, () => redeem(target(), issued)));
    const good = answers.filter(({ status }) => status === 200);
    expect(good.length).toBeLessThanOrEqual(1);
    for (const answer of answers.filter(({ status }) => status !== 200)) {
      expect(outcomeOf(answer)).toEqual(invalidGrant);
    }
    expect(await target().grants(issued.clientId)).toBe(0);
    for (const answer of good) expect(await target().useToken(tokensOf(answer).access_token)).toBe(401);
  });

  it('R19: after 30 failures of a peer within a minute failures are 429; what is right goes on', async () => {
    const peer = '127.9.0.5';
    const issued = await issue(target());
    const send = (form: Record<string, string>) =>
      target().request({
        peer,
        method: 'POST',
        path: '/oauth/token',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        body: new URLSearchParams(form).toString(),
      });
    for (let count = 0; count < 30; count++) expect((await send({})).status).toBe(400);
    const answer = await send({});
    expect(outcomeOf(answer)).toEqual({ status: 429, error: 'temporarily_unavailable' });
    expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
    expect((await send(codeForm(issued.clientId, issued.code, verifier))).status).toBe(200);
  });
});
