import { describe, expect, it } from 'vitest';
import { type App, startApp } from '../support/oauth-app.ts';
import { callMcp, json, type Login, login, refresh, register, type TokenAnswer } from './flow.ts';

const DAY_MS = 86_400_000;

async function rotate(app: App, { clientId }: Login, refreshToken: string): Promise<TokenAnswer> {
  const answer = await refresh(app, clientId, refreshToken);
  if (answer.status !== 200) throw new Error(`refresh: ${answer.status} ${answer.text}`);
  return JSON.parse(answer.text) as TokenAnswer;
}

async function expectFamilyEnded(app: App, { clientId }: Login, tokens: TokenAnswer): Promise<void> {
  expect((await callMcp(app, tokens.access_token)).status).toBe(401);
  expect(json(await refresh(app, clientId, tokens.refresh_token)).error).toBe('invalid_grant');
}

describe.each(['uws', 'https'] as const)('refresh tokens on %s', (engine) => {
  it('R36: rotate every time, and the new token works', async () => {
    const app = await startApp({ engine });
    const session = await login(app);
    const seen = new Set([session.tokens.refresh_token]);
    let { tokens } = session;
    for (let count = 0; count < 3; count++) {
      tokens = await rotate(app, session, tokens.refresh_token);
      seen.add(tokens.refresh_token);
      expect((await callMcp(app, tokens.access_token)).status).toBe(200);
    }
    expect(seen.size).toBe(4);
  });

  it('R36: in the hands of another client one is refused and ends nothing', async () => {
    const app = await startApp({ engine });
    const session = await login(app);
    const answer = await refresh(app, await register(app), session.tokens.refresh_token);
    expect([answer.status, json(answer).error]).toEqual([400, 'invalid_grant']);
    await rotate(app, session, session.tokens.refresh_token);
  });

  it('R36: a wider scope is invalid_scope, the same or none is fine; another resource is invalid_target', async () => {
    const app = await startApp({ engine });
    const session = await login(app);
    const token = session.tokens.refresh_token;
    const wider = await refresh(app, session.clientId, token, { scope: 'mcp admin' });
    expect([wider.status, json(wider).error]).toEqual([400, 'invalid_scope']);
    const elsewhere = await refresh(app, session.clientId, token, {
      resource: `https://localhost:${app.port}/mcp`,
    });
    expect([elsewhere.status, json(elsewhere).error]).toEqual([400, 'invalid_target']);
    const same = { scope: 'mcp', resource: `${app.issuer}/mcp` };
    expect((await refresh(app, session.clientId, token, same)).status).toBe(200);
  });

  it('R36: the token before, within 10 s and its successor unused, gets the same successor', async () => {
    const app = await startApp({ engine });
    const session = await login(app);
    const first = await rotate(app, session, session.tokens.refresh_token);
    app.shiftClock(9_000);
    const again = await rotate(app, session, session.tokens.refresh_token);
    expect(again.refresh_token).toBe(first.refresh_token);
    await rotate(app, session, first.refresh_token);
  });

  it('R36: the token before, after 10 s, ends the family', async () => {
    const app = await startApp({ engine });
    const session = await login(app);
    const next = await rotate(app, session, session.tokens.refresh_token);
    app.shiftClock(11_000);
    expect((await refresh(app, session.clientId, session.tokens.refresh_token)).status).toBe(400);
    await expectFamilyEnded(app, session, next);
  });

  it('R36: the token before, once its successor was used, ends the family', async () => {
    const app = await startApp({ engine });
    const session = await login(app);
    const second = await rotate(app, session, session.tokens.refresh_token);
    const third = await rotate(app, session, second.refresh_token);
    expect((await refresh(app, session.clientId, session.tokens.refresh_token)).status).toBe(400);
    await expectFamilyEnded(app, session, third);
  });

  it('R36: a retry after a restart is one chain still: the successor nobody heard of is replaced', async () => {
    const app = await startApp({ engine });
    const session = await login(app);
    const unheard = await rotate(app, session, session.tokens.refresh_token);
    await app.restart();
    const heard = await rotate(app, session, session.tokens.refresh_token);
    expect(heard.refresh_token).not.toBe(unheard.refresh_token);
    expect((await refresh(app, session.clientId, unheard.refresh_token)).status).toBe(400);
    await expectFamilyEnded(app, session, heard);
  });

  it('R36: of 20 refreshes at once one chain survives', async () => {
    const app = await startApp({ engine });
    const session = await login(app);
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => refresh(app, session.clientId, session.tokens.refresh_token)),
    );
    const given = answers
      .filter(({ status }) => status === 200)
      .map(({ text }) => JSON.parse(text) as TokenAnswer);
    expect(given.length).toBeGreaterThan(0);
    const chains = new Set(given.map((tokens) => tokens.refresh_token));
    expect(chains.size).toBe(1);
    for (const token of chains) await rotate(app, session, token);
  });

  it('R36: one unused for 14 days, or 90 days after the login, is refused', async () => {
    const app = await startApp({ engine });
    const idle = await login(app);
    app.shiftClock(14 * DAY_MS + 1_000);
    expect((await refresh(app, idle.clientId, idle.tokens.refresh_token)).status).toBe(400);
    const busy = await login(app);
    let { tokens } = busy;
    for (let day = 13; day < 90; day += 13) {
      app.shiftClock((14 + day) * DAY_MS);
      tokens = await rotate(app, busy, tokens.refresh_token);
    }
    app.shiftClock((14 + 90) * DAY_MS + 5_000);
    expect((await refresh(app, busy.clientId, tokens.refresh_token)).status).toBe(400);
  });

  it('R36: a rotation survives a restart', async () => {
    const app = await startApp({ engine });
    const session = await login(app);
    const { refresh_token } = await rotate(app, session, session.tokens.refresh_token);
    await app.restart();
    await rotate(app, session, refresh_token);
  });
});
