import { describe, expect, it } from 'vitest';
import requests from '../corpus/token-requests.json' with { type: 'json' };
import { login, postForm, refresh, register } from '../oauth/flow.ts';
import { ENGINES } from '../support/listen.ts';
import { formRequest, outcomeOf, type TokenRow } from './rows.ts';
import { useTarget } from './target.ts';

const invalidGrant = { status: 400, error: 'invalid_grant' };

describe.each(ENGINES)('POST /oauth/revoke, on %s', (engine) => {
  const target = useTarget(engine);
  const revoke = (client_id: string, token: string, token_type_hint?: string) =>
    postForm(target(), '/oauth/revoke', { client_id, token, ...(token_type_hint && { token_type_hint }) });

  it.each(requests.revoke as readonly TokenRow[])(
    'R40: $name is $status, and everything still works',
    async (row) => {
      const { clientId, tokens } = await login(target());
      const good = { client_id: clientId, token: tokens.refresh_token };
      const words = { ACCESS_TOKEN: tokens.access_token, OTHER: await register(target()) };
      const answer = await target().request(formRequest('/oauth/revoke', row, good, words));
      expect(outcomeOf(answer)).toEqual({ status: row.status, ...(row.error && { error: row.error }) });
      if (row.status === 200) expect(answer.text).toBe('');
      expect(await target().useToken(tokens.access_token)).toBe(200);
      expect((await refresh(target(), clientId, tokens.refresh_token)).status).toBe(200);
    },
  );

  it.each([undefined, 'refresh_token', 'access_token', 'made_up', ''])(
    'R40: a refresh token under the hint %s takes its family and its access tokens along, over kill -9 too',
    async (hint) => {
      const { clientId, tokens } = await login(target());
      const second = JSON.parse((await refresh(target(), clientId, tokens.refresh_token)).text);
      for (const { access_token } of [tokens, second])
        expect(await target().useToken(access_token)).toBe(200);
      const answer = await revoke(clientId, second.refresh_token, hint);
      expect([answer.status, answer.text]).toEqual([200, '']);
      if (hint === undefined) await target().restart('SIGKILL');
      for (const { access_token, refresh_token } of [tokens, second]) {
        expect(await target().useToken(access_token)).toBe(401);
        expect(outcomeOf(await refresh(target(), clientId, refresh_token))).toEqual(invalidGrant);
      }
      expect(await target().grants(clientId)).toBe(0);
    },
  );

  it('R40: a refresh token that was rotated takes the family along too', async () => {
    const { clientId, tokens } = await login(target());
    const second = JSON.parse((await refresh(target(), clientId, tokens.refresh_token)).text);
    expect((await revoke(clientId, tokens.refresh_token)).status).toBe(200);
    expect(await target().useToken(second.access_token)).toBe(401);
    expect(outcomeOf(await refresh(target(), clientId, second.refresh_token))).toEqual(invalidGrant);
  });

  it.each([undefined, 'access_token', 'refresh_token', 'made_up'])(
    'R40: an access token under the hint %s goes alone, over kill -9 too',
    async (hint) => {
      const { clientId, tokens } = await login(target());
      const second = JSON.parse((await refresh(target(), clientId, tokens.refresh_token)).text);
      expect((await revoke(clientId, tokens.access_token, hint)).status).toBe(200);
      expect(await target().useToken(tokens.access_token)).toBe(401);
      if (hint === undefined) await target().restart('SIGKILL');
      expect(await target().useToken(tokens.access_token)).toBe(401);
      expect(await target().useToken(second.access_token)).toBe(200);
      expect((await refresh(target(), clientId, second.refresh_token)).status).toBe(200);
    },
  );

  it('R40: what is revoked already is 200 again', async () => {
    const { clientId, tokens } = await login(target());
    for (const token of [
      tokens.access_token,
      tokens.access_token,
      tokens.refresh_token,
      tokens.refresh_token,
    ]) {
      expect((await revoke(clientId, token)).status).toBe(200);
    }
  });

  it('R40: the owner ends a client: its tokens and its registration go, others stay', async () => {
    const [gone, kept] = [await login(target()), await login(target())];
    expect(await target().control('revoke', { clientId: gone.clientId })).toEqual({ revoked: true });
    expect(await target().control('revoke', { clientId: gone.clientId })).toEqual({ revoked: false });
    expect(await target().useToken(gone.tokens.access_token)).toBe(401);
    const answer = await refresh(target(), gone.clientId, gone.tokens.refresh_token);
    expect(outcomeOf(answer)).toEqual({ status: 401, error: 'invalid_client' });
    expect(await target().useToken(kept.tokens.access_token)).toBe(200);
    const ids = (await target().control('clients', {})).clients.map(({ clientId }) => clientId);
    expect(ids).not.toContain(gone.clientId);
    expect(ids).toContain(kept.clientId);
  });
});
