import { describe, expect, it } from 'vitest';
import { startApp } from '../support/oauth-app.ts';
import { json, postForm, postJson } from './flow.ts';

const AUTHORIZATION_SERVER = '/.well-known/oauth-authorization-server';
const PROTECTED_RESOURCE = '/.well-known/oauth-protected-resource';

describe.each(['uws', 'https'] as const)('metadata on %s', (engine) => {
  it('R25: the issuer is byte for byte the same whatever the Host', async () => {
    const app = await startApp({ engine });
    for (const host of [`127.0.0.1:${app.port}`, `localhost:${app.port}`, `LOCALHOST:${app.port}`]) {
      const document = json(await app.request({ path: AUTHORIZATION_SERVER, headers: { host } }));
      expect(document.issuer).toBe(app.issuer);
    }
  });

  it('R25: S256, code, iss and the two grants, and no CIMD', async () => {
    const app = await startApp({ engine });
    expect(json(await app.request({ path: AUTHORIZATION_SERVER }))).toMatchObject({
      code_challenge_methods_supported: ['S256'],
      response_types_supported: ['code'],
      grant_types_supported: ['authorization_code', 'refresh_token'],
      token_endpoint_auth_methods_supported: ['none'],
      authorization_response_iss_parameter_supported: true,
      client_id_metadata_document_supported: false,
      scopes_supported: ['mcp'],
    });
  });

  it('R25: every advertised endpoint exists', async () => {
    const app = await startApp({ engine });
    const document = json(await app.request({ path: AUTHORIZATION_SERVER }));
    const path = (name: string): string => new URL(document[name] as string).pathname;
    expect((await app.request({ path: path('jwks_uri') })).status).toBe(200);
    expect((await app.request({ path: path('authorization_endpoint') })).status).toBe(400);
    expect((await postForm(app, path('token_endpoint'), {})).status).toBe(400);
    expect((await postForm(app, path('revocation_endpoint'), {})).status).toBe(400);
    expect((await postJson(app, path('registration_endpoint'), {})).status).toBe(400);
  });

  it('R25: the resource is under the host that was asked, for the root and every path form', async () => {
    const app = await startApp({ engine });
    for (const suffix of ['', '/mcp', '/mcp/sse']) {
      for (const host of [`127.0.0.1:${app.port}`, `localhost:${app.port}`]) {
        const answer = await app.request({ path: `${PROTECTED_RESOURCE}${suffix}`, headers: { host } });
        expect(json(answer)).toMatchObject({
          resource: `https://${host}/mcp`,
          authorization_servers: [app.issuer],
          bearer_methods_supported: ['header'],
          scopes_supported: ['mcp'],
        });
      }
    }
  });

  it('R25: an unknown well-known is JSON 404', async () => {
    const app = await startApp({ engine });
    const answer = await app.request({ path: '/.well-known/openid-configuration' });
    expect(answer.status).toBe(404);
    expect(answer.headers['content-type']).toContain('application/json');
  });

  it('R46: the key set is public, and its ids are thumbprints', async () => {
    const app = await startApp({ engine });
    const { calculateJwkThumbprint } = await import('jose');
    const { keys } = JSON.parse((await app.request({ path: '/oauth/jwks' })).text);
    expect(keys).toHaveLength(1);
    expect(Object.keys(keys[0]).sort()).toEqual(['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y']);
    expect(keys[0]).toMatchObject({ alg: 'ES256', use: 'sig', kid: await calculateJwkThumbprint(keys[0]) });
  });
});
