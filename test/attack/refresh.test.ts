import { describe, expect, it } from 'vitest';
import requests from '../corpus/token-requests.json' with { type: 'json' };
import { json, type Login, login, refresh, register, type TokenAnswer } from '../oauth/flow.ts';
import { ENGINES } from '../support/listen.ts';
import { formRequest, outcomeOf, type TokenRow } from './rows.ts';
import { type Target, useTarget } from './target.ts';

const invalidGrant = { status: 400, error: 'invalid_grant' };

async function rotate(target: Target, { clientId }: Login, refreshToken: string): Promise<TokenAnswer> {
  const answer = await refresh(target, clientId, refreshToken);
  expect([answer.status, answer.headers['cache-control']]).toEqual([200, 'no-store']);
  return JSON.parse(answer.text) as TokenAnswer;
}

async function expectFamilyEnded(target: Target, { clientId }: Login, tokens: TokenAnswer): Promise<void> {
  expect(await target.useToken(tokens.access_token)).toBe(401);
  expect(outcomeOf(await refresh(target, clientId, tokens.refresh_token))).toEqual(invalidGrant);
  expect(await target.grants(clientId)).toBe(0);
}

describe.each(ENGINES)('a refresh token at POST /oauth/token, on %s', (engine) => {
  const target = useTarget(engine);

  it('R36: is replaced every time, and what it gives works', async () => {
    const session = await login(target());
    const seen = new Set([session.tokens.refresh_token]);
    let { tokens } = session;
    for (let count = 0; count < 3; count++) {
      tokens = await rotate(target(), session, tokens.refresh_token);
      expect(tokens).toMatchObject({ token_type: 'Bearer', scope: 'mcp' });
      expect(tokens.expires_in).toBeLessThanOrEqual(3_600);
      expect(await target().useToken(tokens.access_token)).toBe(200);
      seen.add(tokens.refresh_token);
    }
    expect(seen.size).toBe(4);
  });

  it.each(requests.refresh as readonly TokenRow[])(
    'R36, R37, R38: $name is $status $error, and ends nothing',
    async (row) => {
      const session = await login(target());
      const { access_token, refresh_token } = session.tokens;
      const good = { grant_type: 'refresh_token', client_id: session.clientId, refresh_token };
      const answer = await target().request(
        formRequest('/oauth/token', row, good, {
          ACCESS_TOKEN: access_token,
          OTHER: await register(target()),
          LOCALHOST: target().issuer.replace('127.0.0.1', 'localhost'),
        }),
      );
      expect(outcomeOf(answer)).toEqual({ status: row.status, error: row.error });
      expect(Object.keys(json(answer))).toEqual(['error', 'error_description']);
      expect(await target().useToken(access_token)).toBe(200);
      await rotate(target(), session, refresh_token);
    },
  );

  it('R36: the scope and the resource of the grant may be named', async () => {
    const session = await login(target());
    const same = { scope: 'mcp', resource: `${target().issuer}/mcp` };
    const answer = await refresh(target(), session.clientId, session.tokens.refresh_token, same);
    expect([answer.status, json(answer).scope]).toEqual([200, 'mcp']);
  });

  it('R36: the one before, at once and its successor unused, gets the same successor', async () => {
    const session = await login(target());
    const first = await rotate(target(), session, session.tokens.refresh_token);
    const again = await rotate(target(), session, session.tokens.refresh_token);
    expect(again.refresh_token).toBe(first.refresh_token);
    expect(await target().useToken(again.access_token)).toBe(200);
    await rotate(target(), session, first.refresh_token);
  });

  it('R36: the one before, once its successor was used, ends the family', async () => {
    const session = await login(target());
    const second = await rotate(target(), session, session.tokens.refresh_token);
    const third = await rotate(target(), session, second.refresh_token);
    const reused = await refresh(target(), session.clientId, session.tokens.refresh_token);
    expect(outcomeOf(reused)).toEqual(invalidGrant);
    await expectFamilyEnded(target(), session, third);
  });

  it('R36: a token that was never issued, of a known family, ends the family', async () => {
    const session = await login(target());
    const [family = '', secret = ''] = session.tokens.refresh_token.split('.');
    const forged = `${family}.${secret.slice(0, -4)}AAAA`;
    expect(outcomeOf(await refresh(target(), session.clientId, forged))).toEqual(invalidGrant);
    await expectFamilyEnded(target(), session, session.tokens);
  });

  it('R36: used again by another client it ends nothing', async () => {
    const session = await login(target());
    const second = await rotate(target(), session, session.tokens.refresh_token);
    const third = await rotate(target(), session, second.refresh_token);
    const other = await register(target());
    expect(outcomeOf(await refresh(target(), other, session.tokens.refresh_token))).toEqual(invalidGrant);
    expect(await target().useToken(third.access_token)).toBe(200);
    await rotate(target(), session, third.refresh_token);
  });

  it('R36: of 20 refreshes at once one chain survives', async () => {
    const session = await login(target());
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => refresh(target(), session.clientId, session.tokens.refresh_token)),
    );
    expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(200));
    const given = answers.map(({ text }) => JSON.parse(text) as TokenAnswer);
    const chains = [...new Set(given.map((tokens) => tokens.refresh_token))];
    expect(chains).toHaveLength(1);
    await rotate(target(), session, chains[0] ?? '');
    expect(await target().grants(session.clientId)).toBe(1);
  });

  it('R36: a rotation survives kill -9, and a retry is one chain still: what nobody heard of is replaced', async () => {
    const session = await login(target());
    const unheard = await rotate(target(), session, session.tokens.refresh_token);
    await target().restart('SIGKILL');
    const heard = await rotate(target(), session, session.tokens.refresh_token);
    expect(heard.refresh_token).not.toBe(unheard.refresh_token);
    await target().restart('SIGKILL');
    const next = await rotate(target(), session, heard.refresh_token);
    const reused = await refresh(target(), session.clientId, unheard.refresh_token);
    expect(outcomeOf(reused)).toEqual(invalidGrant);
    await expectFamilyEnded(target(), session, next);
  });
});
