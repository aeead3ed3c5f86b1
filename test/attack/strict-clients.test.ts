import * as oauth from 'oauth4webapi';
import * as client from 'openid-client';
import { describe, expect, it } from 'vitest';
import { trust, trustedFetch } from '../mcp/trusted-fetch.ts';
import { readPage } from '../oauth/flow.ts';
import { ENGINES } from '../support/listen.ts';
import { runProgram } from '../support/program.ts';
import { startTarget, type Target } from './target.ts';

const METADATA = {
  client_name: 'A strict client',
  redirect_uris: ['http://127.0.0.1/callback'],
  grant_types: ['authorization_code', 'refresh_token'],
  response_types: ['code'],
  token_endpoint_auth_method: 'none',
};
/** RFC 8252 7.3: a port of the moment, which was not registered. */
const REDIRECT_URI = 'http://127.0.0.1:51234/callback';

/** Both type their options a little otherwise than `fetch` does. */
const strictFetch = trustedFetch as (url: string, options: unknown) => Promise<Response>;

/** The daemon, and a trust in its roots alone for whatever fetches from it. */
async function startTrusted(engine: (typeof ENGINES)[number]): Promise<Target> {
  const target = await startTarget(engine);
  trust(target.issuer, target.daemon.ca);
  return target;
}

/** The browser's part, and the owner's in the terminal; gives the address that the browser ends at. */
async function answerInTerminal(target: Target, url: URL, answer: 'y' | 'n'): Promise<URL> {
  const page = await trustedFetch(url, { redirect: 'manual' });
  expect(page.status).toBe(200);
  const { matchCode, target: path } = readPage(await page.text());
  const { status } = await runProgram(target.home, ['approve', matchCode], { input: `${answer}\n` });
  expect(status).toBe(answer === 'y' ? 0 : 1);
  const redirected = await trustedFetch(`${target.issuer}${path}`, { redirect: 'manual' });
  expect(redirected.status).toBe(303);
  return new URL(redirected.headers.get('location') ?? '');
}

describe.each(ENGINES)('strict clients, on %s', (engine) => {
  it('R25, R31, R37, R39, R40: openid-client discovers, registers, signs in, refreshes, revokes', async () => {
    const target = await startTrusted(engine);
    const resource = `${target.issuer}/mcp`;
    const config = await client.dynamicClientRegistration(new URL(target.issuer), METADATA, client.None(), {
      algorithm: 'oauth2',
      [client.customFetch]: strictFetch,
    });
    expect(config.serverMetadata().issuer).toBe(target.issuer);
    const verifier = client.randomPKCECodeVerifier();
    const state = client.randomState();
    const url = client.buildAuthorizationUrl(config, {
      redirect_uri: REDIRECT_URI,
      scope: 'mcp',
      state,
      resource,
      code_challenge: await client.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
    });
    const checks = { pkceCodeVerifier: verifier, expectedState: state };

    const denied = await answerInTerminal(target, url, 'n');
    await expect(client.authorizationCodeGrant(config, denied, checks)).rejects.toMatchObject({
      code: 'OAUTH_AUTHORIZATION_RESPONSE_ERROR',
      error: 'access_denied',
    });

    const callback = await answerInTerminal(target, url, 'y');
    const tokens = await client.authorizationCodeGrant(config, callback, checks, { resource });
    expect(tokens).toMatchObject({ token_type: 'bearer', scope: 'mcp' });
    expect(tokens.expiresIn()).toBeLessThanOrEqual(3_600);
    await expect(client.authorizationCodeGrant(config, callback, checks)).rejects.toMatchObject({
      code: 'OAUTH_RESPONSE_BODY_ERROR',
      error: 'invalid_grant',
      status: 400,
    });
    // The replay has ended the grant.
    await expect(client.refreshTokenGrant(config, tokens.refresh_token ?? '')).rejects.toMatchObject({
      error: 'invalid_grant',
    });

    const again = await answerInTerminal(target, url, 'y');
    const first = await client.authorizationCodeGrant(config, again, checks, { resource });
    const second = await client.refreshTokenGrant(config, first.refresh_token ?? '', {
      resource,
      scope: 'mcp',
    });
    expect(second.refresh_token).not.toBe(first.refresh_token);
    expect(await target.useToken(second.access_token)).toBe(200);
    await client.tokenRevocation(config, second.access_token);
    expect(await target.useToken(second.access_token)).toBe(401);
    expect(await target.useToken(first.access_token)).toBe(200);
    await client.tokenRevocation(config, second.refresh_token ?? '', { token_type_hint: 'refresh_token' });
    expect(await target.useToken(first.access_token)).toBe(401);
  });

  it('R25, R37, R38, R42, R43, R46: oauth4webapi finds the resource by its 401, and validates the access token', async () => {
    const target = await startTrusted(engine);
    const http = { [oauth.customFetch]: strictFetch };
    const resource = new URL(`${target.issuer}/mcp`);

    // What an MCP client does first: ask, and be told where the metadata is (RFC 9728 5).
    const refused = await oauth
      .protectedResourceRequest('x', 'GET', resource, undefined, undefined, http)
      .catch((error) => error as oauth.WWWAuthenticateChallengeError);
    if (!(refused instanceof oauth.WWWAuthenticateChallengeError)) throw new Error('no challenge');
    const [challenge] = refused.cause;
    expect(challenge).toMatchObject({
      scheme: 'bearer',
      parameters: { error: 'invalid_token', scope: 'mcp' },
    });
    expect(challenge?.parameters.resource_metadata).toBe(
      `${target.issuer}/.well-known/oauth-protected-resource/mcp`,
    );
    const found = await oauth.resourceDiscoveryRequest(resource, http);
    const { authorization_servers: servers = [] } = await oauth.processResourceDiscoveryResponse(
      resource,
      found,
    );
    expect(servers).toEqual([target.issuer]);

    const issuer = new URL(servers[0] ?? '');
    const discovered = await oauth.discoveryRequest(issuer, { algorithm: 'oauth2', ...http });
    const as = await oauth.processDiscoveryResponse(issuer, discovered);
    const registered = await oauth.processDynamicClientRegistrationResponse(
      await oauth.dynamicClientRegistrationRequest(as, METADATA, http),
    );
    const verifier = oauth.generateRandomCodeVerifier();
    const state = oauth.generateRandomState();
    const url = new URL(as.authorization_endpoint ?? '');
    url.search = new URLSearchParams({
      response_type: 'code',
      client_id: registered.client_id,
      redirect_uri: REDIRECT_URI,
      resource: resource.href,
      state,
      code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
    }).toString();
    const callback = await answerInTerminal(target, url, 'y');
    const parameters = oauth.validateAuthResponse(as, registered, callback, state);
    const redeemed = await oauth.authorizationCodeGrantRequest(
      as,
      registered,
      oauth.None(),
      parameters,
      REDIRECT_URI,
      verifier,
      { ...http, additionalParameters: { resource: resource.href } },
    );
    const tokens = await oauth.processAuthorizationCodeResponse(as, registered, redeemed);

    async function validate(token: string): Promise<oauth.JWTAccessTokenClaims> {
      const request = new Request(resource, { headers: { authorization: `Bearer ${token}` } });
      return oauth.validateJwtAccessToken(as, request, resource.href, {
        ...http,
        signingAlgorithms: ['ES256'],
      });
    }
    const claims = await validate(tokens.access_token);
    expect(claims).toMatchObject({
      iss: target.issuer,
      aud: resource.href,
      client_id: registered.client_id,
      scope: 'mcp',
      sub: 'owner',
    });
    await expect(validate(`${tokens.access_token.slice(0, -4)}AAAA`)).rejects.toThrow();
    const opened = await oauth.protectedResourceRequest(
      tokens.access_token,
      'POST',
      resource,
      new Headers({ 'content-type': 'application/json', accept: 'application/json, text/event-stream' }),
      JSON.stringify({
        jsonrpc: '2.0',
        id: 1,
        method: 'initialize',
        params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 't', version: '1' } },
      }),
      http,
    );
    expect(opened.status).toBe(200);

    const refreshed = await oauth.processRefreshTokenResponse(
      as,
      registered,
      await oauth.refreshTokenGrantRequest(as, registered, oauth.None(), tokens.refresh_token ?? '', http),
    );
    expect((await validate(refreshed.access_token)).jti).not.toBe(claims.jti);
    await oauth.processRevocationResponse(
      await oauth.revocationRequest(as, registered, oauth.None(), refreshed.refresh_token ?? '', http),
    );
    expect(await target.useToken(refreshed.access_token)).toBe(401);
  });

  it('R7: without our roots neither gets as far as a request', async () => {
    const target = await startTarget(engine);
    const issuer = new URL(target.issuer);
    for (const discovery of [
      oauth.discoveryRequest(issuer, { algorithm: 'oauth2' }),
      client.discovery(issuer, 'x', undefined, undefined, { algorithm: 'oauth2' }),
    ]) {
      await expect(discovery).rejects.toMatchObject({ cause: { code: 'SELF_SIGNED_CERT_IN_CHAIN' } });
    }
  });
});
