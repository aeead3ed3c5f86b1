import { describe, expect, it } from 'vitest';
import { startApp } from '../support/oauth-app.ts';
import { callMcp, json, login, postForm, refresh, register } from './flow.ts';

describe.each(['uws', 'https'] as const)('POST /oauth/revoke on %s', (engine) => {
  it('R40: what is no token of ours is 200, and no token at all is 400', async () => {
    const app = await startApp({ engine });
    const client_id = await register(app);
    const { tokens } = await login(app);
    const garbage = [
      'x',
      'a.b.c',
      `${'A'.repeat(43)}.${'A'.repeat(43)}`,
      `${tokens.access_token}x`,
      '\u0000',
    ];
    for (const token of garbage) {
      const answer = await postForm(app, '/oauth/revoke', { client_id, token });
      expect([token, answer.status, answer.headers['cache-control']]).toEqual([token, 200, 'no-store']);
    }
    const none = await postForm(app, '/oauth/revoke', { client_id });
    expect([none.status, json(none).error]).toEqual([400, 'invalid_request']);
    const unknown = await postForm(app, '/oauth/revoke', { client_id: 'nobody', token: 'x' });
    expect([unknown.status, json(unknown).error]).toEqual([401, 'invalid_client']);
  });

  it("R40: another client's token is 200 and still works", async () => {
    const app = await startApp({ engine });
    const { clientId, tokens } = await login(app);
    const client_id = await register(app);
    for (const token of [tokens.access_token, tokens.refresh_token]) {
      expect((await postForm(app, '/oauth/revoke', { client_id, token })).status).toBe(200);
    }
    expect((await callMcp(app, tokens.access_token)).status).toBe(200);
    expect((await refresh(app, clientId, tokens.refresh_token)).status).toBe(200);
  });

  it('R40: a refresh token takes its family along, whatever the hint, and over a restart', async () => {
    const app = await startApp({ engine });
    const { clientId, tokens } = await login(app);
    expect((await callMcp(app, tokens.access_token)).status).toBe(200);
    const form = { client_id: clientId, token: tokens.refresh_token, token_type_hint: 'made_up' };
    expect((await postForm(app, '/oauth/revoke', form)).status).toBe(200);
    expect((await callMcp(app, tokens.access_token)).status).toBe(401);
    await app.restart();
    expect((await callMcp(app, tokens.access_token)).status).toBe(401);
    expect(json(await refresh(app, clientId, tokens.refresh_token)).error).toBe('invalid_grant');
  });

  it('R40: an access token goes alone, over a restart, even under the wrong hint', async () => {
    const app = await startApp({ engine });
    const { clientId, tokens } = await login(app);
    const form = { client_id: clientId, token: tokens.access_token, token_type_hint: 'refresh_token' };
    expect((await postForm(app, '/oauth/revoke', form)).status).toBe(200);
    expect((await callMcp(app, tokens.access_token)).status).toBe(401);
    await app.restart();
    expect((await callMcp(app, tokens.access_token)).status).toBe(401);
    expect((await refresh(app, clientId, tokens.refresh_token)).status).toBe(200);
  });

  it('R40: the owner revokes a client: its tokens and its registration end, others stay', async () => {
    const app = await startApp({ engine });
    const [gone, kept] = [await login(app), await login(app)];
    expect(await app.oauth().revokeClient(gone.clientId)).toBe(true);
    expect(await app.oauth().revokeClient(gone.clientId)).toBe(false);
    expect((await callMcp(app, gone.tokens.access_token)).status).toBe(401);
    const answer = await refresh(app, gone.clientId, gone.tokens.refresh_token);
    expect([answer.status, json(answer).error]).toEqual([401, 'invalid_client']);
    expect((await callMcp(app, kept.tokens.access_token)).status).toBe(200);
    expect(
      app
        .oauth()
        .clients()
        .map(({ clientId }) => clientId),
    ).toEqual([kept.clientId]);
  });
});
