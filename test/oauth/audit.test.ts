import { describe, expect, it } from 'vitest';
import { limits } from '../../src/limits.ts';
import { startApp } from '../support/oauth-app.ts';
import {
  authorizeQuery,
  callMcp,
  getAuthorize,
  login,
  newVerifier,
  postForm,
  refresh,
  register,
} from './flow.ts';

describe.each(['uws', 'https'] as const)('the log, on %s', (engine) => {
  it('R56: every registration, consent, token, revocation and refusal is audited, by ids alone', async () => {
    const app = await startApp({ engine });
    const { clientId, tokens } = await login(app);
    await refresh(app, clientId, tokens.refresh_token);
    await postForm(app, '/oauth/revoke', { client_id: clientId, token: tokens.access_token });
    await getAuthorize(app, authorizeQuery('nobody', newVerifier()));
    await callMcp(app, 'x');
    await app.oauth().revokeClient(clientId);
    const lines = app
      .log()
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(new Set(lines.map(({ event }) => event))).toEqual(
      new Set([
        'client.registered',
        'consent.opened',
        'consent.approved',
        'code.issued',
        'token.issued',
        'token.revoked',
        'oauth.refused',
        'bearer.refused',
        'grant.ended',
        'client.revoked',
      ]),
    );
    expect(lines.filter(({ event }) => event === 'token.issued')).toEqual([
      expect.objectContaining({ client: clientId, type: 'authorization_code' }),
      expect.objectContaining({ client: clientId, type: 'refresh_token' }),
    ]);
  });

  it('R56: a flood of refused requests takes no more than its share of the log', async () => {
    const app = await startApp({ engine });
    for (let turn = 0; turn < 20; turn++) {
      await Promise.all(Array.from({ length: 10 }, () => callMcp(app, 'x')));
    }
    expect(app.log().match(/"bearer\.refused"/g)).toHaveLength(limits.refusalLinesPerMinute);
  });

  it('R56: what a client calls itself cannot forge a line', async () => {
    const app = await startApp({ engine });
    const before = app.log().split('\n').length;
    await register(app, { client_name: 'x\n{"event":"forged"}\u001b[2J\u202e' });
    await app.request({ path: '/oauth/authorize?client_id=%0a%7b%22event%22' });
    const lines = app.log().split('\n');
    expect(lines.length).toBe(before + 2);
    expect(app.log()).toMatch(/^[\x20-\x7e\n]*$/);
  });
});
