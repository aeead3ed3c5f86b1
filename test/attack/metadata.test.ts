import { describe, expect, it } from 'vitest';
import { json, postForm, postJson } from '../oauth/flow.ts';
import { ENGINES } from '../support/listen.ts';
import { useTarget } from './target.ts';

const AUTHORIZATION_SERVER = '/.well-known/oauth-authorization-server';
const PROTECTED_RESOURCE = '/.well-known/oauth-protected-resource';

describe.each(ENGINES)('metadata, on %s', (engine) => {
  const target = useTarget(engine);
  const port = (): number => target().daemon.state.port;

  it('R25: is the same byte for byte whatever the Host, and names nothing that is not there', async () => {
    const { issuer } = target();
    const documents = await Promise.all(
      [`127.0.0.1:${port()}`, `localhost:${port()}`, `LOCALHOST:${port()}`].map((host) =>
        target().request({ path: AUTHORIZATION_SERVER, headers: { host } }),
      ),
    );
    for (const document of documents) {
      expect(document.status).toBe(200);
      expect(document.headers['content-type']).toBe('application/json');
      expect(json(document)).toEqual({
        issuer,
        authorization_endpoint: `${issuer}/oauth/authorize`,
        token_endpoint: `${issuer}/oauth/token`,
        registration_endpoint: `${issuer}/oauth/register`,
        revocation_endpoint: `${issuer}/oauth/revoke`,
        jwks_uri: `${issuer}/oauth/jwks`,
        scopes_supported: ['mcp'],
        response_types_supported: ['code'],
        response_modes_supported: ['query'],
        grant_types_supported: ['authorization_code', 'refresh_token'],
        token_endpoint_auth_methods_supported: ['none'],
        revocation_endpoint_auth_methods_supported: ['none'],
        code_challenge_methods_supported: ['S256'],
        authorization_response_iss_parameter_supported: true,
        client_id_metadata_document_supported: false,
      });
    }
  });

  it('R25: every endpoint that it names answers as what it is named', async () => {
    const server = target();
    const document = json(await server.request({ path: AUTHORIZATION_SERVER }));
    const path = (name: string): string => new URL(document[name] as string).pathname;
    const keys = await server.request({ path: path('jwks_uri') });
    expect([keys.status, json(keys).keys]).toEqual([200, [expect.objectContaining({ alg: 'ES256' })]]);
    const page = await server.request({ path: path('authorization_endpoint') });
    expect([page.status, page.headers['content-type']]).toEqual([400, 'text/html; charset=utf-8']);
    for (const [endpoint, answer, error] of [
      ['token_endpoint', await postForm(server, path('token_endpoint'), {}), 'invalid_request'],
      ['revocation_endpoint', await postForm(server, path('revocation_endpoint'), {}), 'invalid_request'],
      [
        'registration_endpoint',
        await postJson(server, path('registration_endpoint'), {}),
        'invalid_redirect_uri',
      ],
    ] as const) {
      expect([endpoint, answer.status, json(answer).error]).toEqual([endpoint, 400, error]);
    }
  });

  it('R25: the resource is under the host that was asked, at the root and at every path form', async () => {
    for (const suffix of ['', '/mcp', '/mcp/sse']) {
      for (const host of [`127.0.0.1:${port()}`, `localhost:${port()}`]) {
        const answer = await target().request({ path: `${PROTECTED_RESOURCE}${suffix}`, headers: { host } });
        expect(json(answer)).toEqual({
          resource: `https://${host}/mcp`,
          authorization_servers: [target().issuer],
          scopes_supported: ['mcp'],
          bearer_methods_supported: ['header'],
          resource_name: 'claude-secure',
        });
      }
    }
  });

  it.each([
    '/.well-known/openid-configuration',
    '/.well-known/oauth-authorization-server/mcp',
    '/.well-known/openid-configuration/mcp',
    '/mcp/.well-known/openid-configuration',
    '/.well-known/oauth-protected-resource/',
    '/.well-known/oauth-protected-resource/none',
    '/.well-known/jwks.json',
    '/.well-known/',
    '/.well-known',
    '/oauth/introspect',
    '/oauth/userinfo',
    '/oauth/par',
    '/oauth/approve',
  ])('R25: %s is a JSON 404', async (path) => {
    const answer = await target().request({ path });
    expect([answer.status, answer.headers['content-type']]).toEqual([404, 'application/json']);
    expect(json(answer)).toEqual({ error: 'not_found' });
  });
});
