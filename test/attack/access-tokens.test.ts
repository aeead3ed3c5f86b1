import { readFileSync, statSync } from 'node:fs';
import { calculateJwkThumbprint } from 'jose';
import { describe, expect, it } from 'vitest';
import { OWNER_HEADER } from '../../src/control.ts';
import forgedTokens from '../corpus/jwt.json' with { type: 'json' };
import { initialize, post } from '../mcp/client.ts';
import { startCanary } from '../oauth/canary.ts';
import { askControl, reportOf } from '../support/control.ts';
import { createForge, type ForgedToken } from '../support/forged-tokens.ts';
import type { HttpsAnswer } from '../support/https-request.ts';
import { ENGINES } from '../support/listen.ts';
import { openSession } from '../support/mcp-session.ts';
import { ask, signIn } from '../support/oauth-client.ts';
import { statelessHeaders, statelessMessage } from '../support/stateless-request.ts';
import { lifeServer, type ServedUpstreams, startServers } from '../support/upstreams.ts';

const INITIALIZE = initialize();
const INVALID = {
  error: 'invalid_token',
  error_description: 'the token is unknown, expired or revoked',
};

/** The answer without what differs from one to the next. */
const seen = ({ status, headers, text }: HttpsAnswer) => ({
  status,
  challenge: headers['www-authenticate'],
  cache: headers['cache-control'],
  body: text === '' ? '' : JSON.parse(text),
});

describe.each(ENGINES)('the token of an MCP request on %s', (engine) => {
  const start = () => startServers({ life: lifeServer() }, { CLAUDE_SECURE_ENGINE: engine });

  const metadataAt = (origin: string): string =>
    `resource_metadata="${origin}/.well-known/oauth-protected-resource/mcp"`;

  const invalidAt = ({ daemon }: ServedUpstreams) => ({
    status: 401,
    challenge: `Bearer error="invalid_token", error_description="${INVALID.error_description}", scope="mcp", ${metadataAt(daemon.url)}`,
    cache: 'no-store',
    body: INVALID,
  });

  /** One request to /mcp with these headers and no more; a GET if there is no message. */
  async function send(
    { home }: ServedUpstreams,
    headers: Record<string, string>,
    { path = '/mcp', message }: { path?: string; message?: object } = {},
  ) {
    const body = message && { method: 'POST', body: JSON.stringify(message) };
    const types = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
    return seen(await ask(home, { path, headers: { ...types, ...headers }, ...body }));
  }

  it('R42: every forged or spoilt token is 401 invalid_token, no key is fetched and nothing runs', async () => {
    const served = await start();
    const { home, token } = served;
    const canary = await startCanary();
    const { forge } = createForge(home, token);
    const good = { authorization: `Bearer ${forge({})}` };
    expect(await send(served, good, { message: INITIALIZE })).toMatchObject({ status: 200 });
    const path = '/mcp/life';
    for (const row of forgedTokens as unknown as ForgedToken[]) {
      const headers = { authorization: `Bearer ${forge(row, canary.url)}` };
      const answer = await send(served, headers, { path, message: INITIALIZE });
      expect([row.what, answer]).toEqual([row.what, invalidAt(served)]);
    }
    await canary.expectSilence();
    expect(await reportOf(home, 'life')).toMatchObject({ calls: 0, processes: [] });
  });

  it('R42: so is a good token once its grant has ended, and one of another install', async () => {
    const served = await start();
    const { home, token } = served;
    const other = await start();
    const headers = { authorization: `Bearer ${token}` };
    expect(await send(other, headers, { message: INITIALIZE })).toEqual(invalidAt(other));
    await askControl(home, 'revoke', { clientId: 'launcher' });
    expect(await send(served, headers, { message: INITIALIZE })).toEqual(invalidAt(served));
  });

  it('R43: without a bearer token the challenge names no error, under the host that was asked', async () => {
    const served = await start();
    const { home, daemon, token } = served;
    const { port } = daemon.state;
    const asked: Record<string, string>[] = [
      {},
      ...['Basic x', 'Bearer', 'Bearer ', 'Bear x', 'x', `Token ${token}`, token].map((authorization) => ({
        authorization,
      })),
    ];
    for (const origin of [`https://127.0.0.1:${port}`, `https://localhost:${port}`]) {
      for (const headers of asked) {
        const { host } = new URL(origin);
        for (const message of [INITIALIZE, undefined]) {
          const options = message ? { message } : {};
          expect([headers, await send(served, { host, ...headers }, options)]).toEqual([
            headers,
            {
              status: 401,
              challenge: `Bearer scope="mcp", ${metadataAt(origin)}`,
              cache: 'no-store',
              body: { error: 'invalid_token', error_description: 'a bearer token is needed' },
            },
          ]);
        }
      }
    }
    const { text } = await ask(home, { path: '/.well-known/oauth-protected-resource/mcp' });
    expect(JSON.parse(text)).toMatchObject({ resource: `https://127.0.0.1:${port}/mcp` });
  });

  it('R43: a refresh token or the owner’s secret is no bearer; a token in the query counts for nothing, beside a header it is 400', async () => {
    const served = await start();
    const { home, token } = served;
    const { refreshToken, accessToken } = await signIn(home);
    const ownerSecret = readFileSync(home.paths.ownerSecret, 'utf8').trim();
    for (const secret of [refreshToken, ownerSecret]) {
      const headers = { authorization: `Bearer ${secret}` };
      expect(await send(served, headers, { message: INITIALIZE })).toEqual(invalidAt(served));
    }
    const path = `/mcp?access_token=${accessToken}`;
    expect(await send(served, {}, { path, message: INITIALIZE })).toMatchObject({
      status: 401,
      body: { error_description: 'a bearer token is needed' },
    });
    const headers = { authorization: `Bearer ${token}` };
    expect(await send(served, headers, { path, message: INITIALIZE })).toEqual({
      status: 400,
      challenge: expect.stringMatching(/^Bearer error="invalid_request", /),
      cache: 'no-store',
      body: {
        error: 'invalid_request',
        error_description: 'the token belongs in one Authorization header and nowhere else',
      },
    });
    for (const scheme of ['bearer', 'BEARER', 'bEaReR']) {
      const authorization = `${scheme} ${token}`;
      expect(await send(served, { authorization }, { message: INITIALIZE })).toMatchObject({ status: 200 });
    }
  });

  it('R44: without the scope it is 403 on every leg, before any tool runs', async () => {
    const served = await start();
    const { home, daemon, token, at } = served;
    const { id: session } = await openSession(at('life'));
    const { calls } = await reportOf(home, 'life');
    const { forge } = createForge(home, token);
    const call = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'who', arguments: {} } };
    const stateless = statelessMessage('tools/call', call.params);
    for (const scope of ['', 'mcp2', 'MCP', 'openid profile']) {
      const authorization = `Bearer ${forge({ claims: { scope } })}`;
      const path = '/mcp/life';
      const legs = [
        send(served, { authorization }, { path, message: INITIALIZE }),
        send(served, { authorization, 'mcp-session-id': session }, { path, message: call }),
        send(served, { authorization, ...statelessHeaders(stateless) }, { path, message: stateless }),
        send(served, { authorization, 'mcp-session-id': session }, { path }),
        send(served, { authorization }, { path: `${path}/sse` }),
        send(served, { authorization }, { path: `${path}/messages?sessionId=x`, message: call }),
      ];
      for (const answer of await Promise.all(legs)) {
        expect(answer).toEqual({
          status: 403,
          challenge: `Bearer error="insufficient_scope", error_description="the token lacks the scope mcp", scope="mcp", ${metadataAt(daemon.url)}`,
          cache: 'no-store',
          body: { error: 'insufficient_scope', error_description: 'the token lacks the scope mcp' },
        });
      }
    }
    expect((await reportOf(home, 'life')).calls).toBe(calls);
  });

  it('R44: no token opens the control plane, and the launcher’s opens nothing of OAuth', async () => {
    const { home, daemon, token } = await start();
    const signedIn = await signIn(home);
    const form = { 'content-type': 'application/x-www-form-urlencoded' };
    for (const bearer of [token, signedIn.accessToken]) {
      for (const [path, headers] of [
        ['/control/status', { authorization: `Bearer ${bearer}` }],
        ['/control/mint', { [OWNER_HEADER]: bearer }],
        ['/control/revoke', { authorization: `Bearer ${bearer}`, [OWNER_HEADER]: bearer }],
      ] as const) {
        const answer = await ask(home, {
          path,
          method: 'POST',
          headers: { 'content-type': 'application/json', ...headers },
          body: '{}',
        });
        expect([path, seen(answer)]).toEqual([
          path,
          { status: 401, challenge: undefined, cache: 'no-store', body: { error: 'unauthorized' } },
        ]);
      }
    }
    const asLauncher = new URLSearchParams({ client_id: 'launcher', token, refresh_token: token });
    for (const [path, grantType, error] of [
      ['/oauth/token', 'refresh_token', 'invalid_client'],
      ['/oauth/token', 'authorization_code', 'invalid_client'],
      ['/oauth/token', 'client_credentials', 'unsupported_grant_type'],
      ['/oauth/revoke', '', 'invalid_client'],
    ] as const) {
      const body = `${asLauncher}&grant_type=${grantType}`;
      const answer = await ask(home, { path, method: 'POST', headers: form, body });
      expect([path, grantType, answer.status, JSON.parse(answer.text).error]).toEqual([
        path,
        grantType,
        error === 'invalid_client' ? 401 : 400,
        error,
      ]);
      const authorization = `Bearer ${token}`;
      const withBearer = await ask(home, { path, method: 'POST', headers: { ...form, authorization }, body });
      expect(withBearer.status).toBe(error === 'invalid_client' ? 401 : 400);
    }
    const still = await post(`${daemon.url}/mcp`, { token }, INITIALIZE);
    expect(still.status).toBe(200);
  });

  it('R46: the key set shows public members alone, its ids are thumbprints, and its file is the owner’s', async () => {
    const { home, token } = await start();
    const { status, text } = await ask(home, { path: '/oauth/jwks' });
    const { keys } = JSON.parse(text);
    expect([status, keys.length]).toEqual([200, 1]);
    expect(Object.keys(keys[0]).sort()).toEqual(['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y']);
    const kid = await calculateJwkThumbprint(keys[0]);
    expect(keys[0]).toMatchObject({ alg: 'ES256', use: 'sig', kid });
    const [header = ''] = token.split('.');
    expect(JSON.parse(Buffer.from(header, 'base64url').toString())).toEqual({
      alg: 'ES256',
      typ: 'at+jwt',
      kid,
    });
    expect(statSync(home.paths.signingKeys).mode & 0o777).toBe(0o600);
  });
});
