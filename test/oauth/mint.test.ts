import { describe, expect, it } from 'vitest';
import { startApp } from '../support/oauth-app.ts';
import { callMcp, json, postForm } from './flow.ts';

describe.each(['uws', 'https'] as const)('launcher tokens, on %s', (engine) => {
  it('R57: are of client launcher, for /mcp alone, of at most an hour, and know their workspace', async () => {
    const app = await startApp({ engine });
    const { accessToken, expiresInSeconds } = await app
      .oauth()
      .mint({ workspace: '/w/日本', server: 'code' });
    expect(expiresInSeconds).toBeLessThanOrEqual(3_600);
    expect(json(await callMcp(app, accessToken))).toMatchObject({
      clientId: 'launcher',
      workspace: '/w/日本',
      scopes: ['mcp'],
      ended: false,
    });
    const payload = JSON.parse(Buffer.from(accessToken.split('.')[1] ?? '', 'base64url').toString());
    expect(payload.aud).toBe(`${app.issuer}/mcp`);
  });

  it('R57: keep one grant for each workspace, over restarts, so their sessions go on', async () => {
    const app = await startApp({ engine });
    const grantOf = async (workspace: string): Promise<unknown> => {
      const { accessToken } = await app.oauth().mint({ workspace, server: 'code' });
      return json(await callMcp(app, accessToken)).grantId;
    };
    const [one, again, two] = await Promise.all([grantOf('/w/1'), grantOf('/w/1'), grantOf('/w/2')]);
    expect(again).toBe(one);
    expect(two).not.toBe(one);
    await app.restart();
    expect(await grantOf('/w/1')).toBe(one);
  });

  it('R57: cannot be refreshed, and live over a restart', async () => {
    const app = await startApp({ engine });
    const { accessToken } = await app.oauth().mint({ workspace: '/w', server: 'code' });
    const form = { grant_type: 'refresh_token', client_id: 'launcher', refresh_token: accessToken };
    expect((await postForm(app, '/oauth/token', form)).status).toBe(401);
    await app.restart();
    expect((await callMcp(app, accessToken)).status).toBe(200);
  });

  it('R57: die when the owner revokes the launcher; a later one is of another grant', async () => {
    const app = await startApp({ engine });
    const before = await app.oauth().mint({ workspace: '/w', server: 'code' });
    expect(app.oauth().clients()).toEqual([
      {
        clientId: 'launcher',
        clientName: 'claude-secure',
        kind: 'launcher',
        grants: 1,
        registeredAt: expect.any(String),
        lastUsedAt: expect.any(String),
      },
    ]);
    expect(await app.oauth().revokeClient('launcher')).toBe(true);
    const after = await app.oauth().mint({ workspace: '/w', server: 'code' });
    expect((await callMcp(app, before.accessToken)).status).toBe(401);
    expect((await callMcp(app, after.accessToken)).status).toBe(200);
  });

  it('R57: die even if one is minted at the same moment, and that one lives', async () => {
    const app = await startApp({ engine });
    const before = await app.oauth().mint({ workspace: '/w', server: 'code' });
    const revoked = app.oauth().revokeClient('launcher');
    const after = await app.oauth().mint({ workspace: '/w', server: 'code' });
    expect(await revoked).toBe(true);
    expect((await callMcp(app, before.accessToken)).status).toBe(401);
    expect((await callMcp(app, after.accessToken)).status).toBe(200);
  });

  it('R36: the grant of a directory nobody worked in for 14 days is purged', async () => {
    const app = await startApp({ engine });
    await app.oauth().mint({ workspace: '/w', server: 'code' });
    app.shiftClock(15 * 86_400_000);
    await app.restart();
    expect(app.oauth().clients()).toEqual([]);
  });
});
