import { describe, expect, it } from 'vitest';
import { type App, startApp } from '../support/oauth-app.ts';
import {
  callMcp,
  codeForm,
  json,
  login,
  newVerifier,
  obtainCode,
  openPage,
  postForm,
  postJson,
  refresh,
  register,
  type TokenAnswer,
} from './flow.ts';

const verifier = newVerifier();
const invalidGrant = [400, 'invalid_grant'];

async function outcome(app: App, form: Record<string, string>): Promise<unknown[]> {
  const answer = await postForm(app, '/oauth/token', form);
  return [answer.status, json(answer).error];
}

const grants = (app: App, clientId: string): number =>
  app
    .oauth()
    .clients()
    .find((client) => client.clientId === clientId)?.grants ?? 0;

describe.each(['uws', 'https'] as const)('POST /oauth/token on %s', (engine) => {
  it('R37: a good code gives a Bearer token of at most an hour, not to be cached', async () => {
    const app = await startApp({ engine });
    const clientId = await register(app);
    const code = await obtainCode(app, clientId, verifier);
    const answer = await postForm(app, '/oauth/token', codeForm(clientId, code, verifier));
    expect(answer.status).toBe(200);
    expect(answer.headers['cache-control']).toBe('no-store');
    const tokens = json(answer);
    expect(tokens).toMatchObject({ token_type: 'Bearer', scope: 'mcp' });
    expect(tokens.expires_in).toBeGreaterThan(3_590);
    expect(tokens.expires_in).toBeLessThanOrEqual(3_600);
    expect((tokens.access_token as string).length).toBeLessThan(2_048);
    expect((await callMcp(app, tokens.access_token as string)).status).toBe(200);
  });

  it('R37: what is no such request is refused by its RFC code', async () => {
    const app = await startApp({ engine });
    const clientId = await register(app);
    const form = { grant_type: 'authorization_code', client_id: clientId };
    const encoded = new URLSearchParams(form);
    const answers = {
      'a JSON body': await postJson(app, '/oauth/token', form),
      'parameters in the query': await postForm(app, `/oauth/token?${encoded}`, form),
      'a repeated parameter': await postForm(app, '/oauth/token', `${encoded}&client_id=x` as never),
      'no grant type': await postForm(app, '/oauth/token', { client_id: clientId }),
      'an empty grant type': await postForm(app, '/oauth/token', { grant_type: '', client_id: clientId }),
      'no code': await postForm(app, '/oauth/token', form),
    };
    for (const [what, answer] of Object.entries(answers)) {
      expect([what, answer.status, json(answer).error]).toEqual([what, 400, 'invalid_request']);
      expect(answer.headers['cache-control']).toBe('no-store');
    }
    for (const grant_type of ['password', 'implicit', 'client_credentials', 'urn:x', '__proto__']) {
      expect(await outcome(app, { ...form, grant_type })).toEqual([400, 'unsupported_grant_type']);
    }
    const get = await app.request({ path: '/oauth/token' });
    expect([get.status, get.headers.allow]).toEqual([405, 'POST']);
  });

  it('R37: an unknown client, and a credential of any kind, is invalid_client', async () => {
    const app = await startApp({ engine });
    const clientId = await register(app);
    const form = { grant_type: 'refresh_token', refresh_token: 'x' };
    expect(await outcome(app, { ...form, client_id: 'nobody' })).toEqual([401, 'invalid_client']);
    expect(await outcome(app, { ...form, client_id: 'launcher' })).toEqual([401, 'invalid_client']);
    expect(await outcome(app, form)).toEqual([401, 'invalid_client']);
    const secret = { ...form, client_id: clientId, client_secret: 'x' };
    expect(await outcome(app, secret)).toEqual([401, 'invalid_client']);
    for (const authorization of ['Basic eDp5', 'Basic', 'Bearer x']) {
      const answer = await postForm(app, '/oauth/token', { ...form, client_id: clientId }, { authorization });
      expect([answer.status, json(answer).error]).toEqual([401, 'invalid_client']);
      expect(answer.headers['www-authenticate']).toMatch(/^Basic /);
    }
  });

  it.each([
    ['missing', {}],
    ['wrong', { code_verifier: newVerifier() }],
    ['short', { code_verifier: 'x'.repeat(42) }],
    ['long', { code_verifier: 'x'.repeat(129) }],
    ['of another alphabet', { code_verifier: `${'x'.repeat(43)}+` }],
  ])('R33: a verifier that is %s fails and burns the code', async (_, replacement) => {
    const app = await startApp({ engine });
    const clientId = await register(app);
    const code = await obtainCode(app, clientId, verifier);
    const { code_verifier: _dropped, ...rest } = codeForm(clientId, code, verifier);
    expect(await outcome(app, { ...rest, ...replacement } as Record<string, string>)).toEqual(invalidGrant);
    expect(await outcome(app, codeForm(clientId, code, verifier))).toEqual(invalidGrant);
  });

  it('R34: a code is bound to its client and redirect URI, and lives 60 s', async () => {
    const app = await startApp({ engine });
    const clientId = await register(app);
    const other = await register(app);
    const code = (): Promise<string> => obtainCode(app, clientId, verifier);
    expect(await outcome(app, codeForm(other, await code(), verifier))).toEqual(invalidGrant);
    const elsewhere = { redirect_uri: 'http://127.0.0.1:1/callback' };
    expect(await outcome(app, codeForm(clientId, await code(), verifier, elsewhere))).toEqual(invalidGrant);
    expect(await outcome(app, codeForm(clientId, await code(), verifier, { redirect_uri: '' }))).toEqual(
      invalidGrant,
    );
    const late = await code();
    app.shiftClock(60_000);
    expect(await outcome(app, codeForm(clientId, late, verifier))).toEqual(invalidGrant);
    expect(grants(app, clientId)).toBe(0);
  });

  it('R34: a replayed code ends every token of its grant', async () => {
    const app = await startApp({ engine });
    const clientId = await register(app);
    const code = await obtainCode(app, clientId, verifier);
    const form = codeForm(clientId, code, verifier);
    const tokens = JSON.parse((await postForm(app, '/oauth/token', form)).text) as TokenAnswer;
    expect((await callMcp(app, tokens.access_token)).status).toBe(200);
    expect(await outcome(app, form)).toEqual(invalidGrant);
    expect((await callMcp(app, tokens.access_token)).status).toBe(401);
    expect((await refresh(app, clientId, tokens.refresh_token)).status).toBe(400);
    expect(grants(app, clientId)).toBe(0);
  });

  it('R35: of 50 redemptions at once at most one succeeds, and its grant does not outlive the race', async () => {
    const app = await startApp({ engine });
    const clientId = await register(app);
    const form = codeForm(clientId, await obtainCode(app, clientId, verifier), verifier);
    const answers = await Promise.all(Array.from({ length: 50 }, () => postForm(app, '/oauth/token', form)));
    const good = answers.filter(({ status }) => status === 200);
    expect(good.length).toBeLessThanOrEqual(1);
    expect(grants(app, clientId)).toBe(0);
    for (const { text } of good) {
      expect((await callMcp(app, (JSON.parse(text) as TokenAnswer).access_token)).status).toBe(401);
    }
  });

  it('R19: after 30 failures within a minute failures get 429; what is right goes on, as does /mcp', async () => {
    const app = await startApp({ engine });
    const { clientId, tokens } = await login(app);
    for (let count = 0; count < 30; count++) await refresh(app, clientId, 'wrong');
    const answer = await refresh(app, clientId, 'wrong');
    expect(answer.status).toBe(429);
    expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
    expect((await callMcp(app, tokens.access_token)).status).toBe(200);
    expect((await refresh(app, clientId, tokens.refresh_token)).status).toBe(200);
  });
});

describe('R41: secrets', () => {
  it('differ every time', async () => {
    const app = await startApp();
    const clientId = await register(app);
    const codes = new Set<string>();
    for (let count = 0; count < 30; count++) codes.add((await openPage(app, clientId, verifier)).transaction);
    expect(codes.size).toBe(30);
    expect([...codes].every((secret) => /^[\w-]{43}$/.test(secret))).toBe(true);
  });
});
