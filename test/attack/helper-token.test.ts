import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { OWNER_HEADER } from '../../src/control.ts';
import { ENGINES } from '../support/listen.ts';
import { ask, mintToken, useToken } from '../support/oauth-client.ts';
import { createProgramHome, runProgram, startDaemon } from '../support/program.ts';

const claimsOf = (token: string): Record<string, unknown> =>
  JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());

describe.each(ENGINES)('R57: what Claude’s helper is given by the daemon on %s', (engine) => {
  it('is for /mcp alone, for an hour at most, buys no other token, and dies with the launcher’s access', async () => {
    const home = await createProgramHome({ CLAUDE_SECURE_ENGINE: engine });
    const { url } = await startDaemon(home);
    const token = await mintToken(home);
    const claims = claimsOf(token);
    expect(claims).toMatchObject({ iss: url, aud: `${url}/mcp`, scope: 'mcp', client_id: 'launcher' });
    expect(Number(claims.exp) - Number(claims.iat)).toBeLessThanOrEqual(3_600);
    expect(await useToken(home, token)).toBe(200);

    for (const client of ['launcher', 'claude-secure']) {
      const form = { grant_type: 'refresh_token', client_id: client, refresh_token: token };
      const answer = await ask(home, {
        path: '/oauth/token',
        method: 'POST',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        body: new URLSearchParams(form).toString(),
      });
      expect([answer.status, JSON.parse(answer.text).error]).toEqual([401, 'invalid_client']);
    }
    for (const headers of [{ authorization: `Bearer ${token}` }, { [OWNER_HEADER]: token }]) {
      const type = { 'content-type': 'application/json' };
      const path = '/control/status';
      expect(
        (await ask(home, { path, method: 'POST', headers: { ...type, ...headers }, body: '{}' })).status,
      ).toBe(401);
    }

    expect((await runProgram(home, ['clients', 'revoke', 'launcher'])).status).toBe(0);
    expect(await useToken(home, token)).toBe(401);
    expect(await useToken(home, await mintToken(home))).toBe(200);
    expect(readdirSync(home.dir).sort()).toEqual(['.config', 'tmp']);
  });
});
