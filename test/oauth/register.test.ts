import { describe, expect, it } from 'vitest';
import { parseRegistration } from '../../src/oauth/registration.ts';
import { startApp } from '../support/oauth-app.ts';
import { waitFor } from '../support/wait-for.ts';
import { startCanary } from './canary.ts';
import { json, login, postJson, REDIRECT_URI, register } from './flow.ts';

const redirect_uris = [REDIRECT_URI];

const REFUSED_METADATA: readonly (readonly [string, string, string])[] = [
  ['an array', '[]', 'invalid_client_metadata'],
  ['null', 'null', 'invalid_client_metadata'],
  ['a string', '"x"', 'invalid_client_metadata'],
  ['no JSON', '{', 'invalid_client_metadata'],
  ['nothing', '', 'invalid_client_metadata'],
  ['no redirect_uris', '{}', 'invalid_redirect_uri'],
  [
    'redirect_uris by way of __proto__',
    `{"__proto__":{"redirect_uris":["${REDIRECT_URI}"]}}`,
    'invalid_redirect_uri',
  ],
  ['empty redirect_uris', '{"redirect_uris":[]}', 'invalid_redirect_uri'],
  ['a redirect_uri that is no string', '{"redirect_uris":[1]}', 'invalid_redirect_uri'],
  ['redirect_uris that are no list', `{"redirect_uris":"${REDIRECT_URI}"}`, 'invalid_redirect_uri'],
  [
    '11 redirect_uris',
    JSON.stringify({ redirect_uris: Array(11).fill(REDIRECT_URI) }),
    'invalid_redirect_uri',
  ],
  [
    'one bad redirect_uri of two',
    JSON.stringify({ redirect_uris: [REDIRECT_URI, 'https://evil.com'] }),
    'invalid_redirect_uri',
  ],
  ...['client_secret_basic', 'private_key_jwt', 'made_up', null, 1].map(
    (method) =>
      [
        `authentication by ${method}`,
        JSON.stringify({ redirect_uris, token_endpoint_auth_method: method }),
        'invalid_client_metadata',
      ] as const,
  ),
  ...[['password'], ['implicit'], ['client_credentials'], ['refresh_token'], [], 'authorization_code'].map(
    (grant_types) =>
      [
        `grants ${JSON.stringify(grant_types)}`,
        JSON.stringify({ redirect_uris, grant_types }),
        'invalid_client_metadata',
      ] as const,
  ),
  [
    'the response type token',
    JSON.stringify({ redirect_uris, response_types: ['token'] }),
    'invalid_client_metadata',
  ],
  ['a name that is no string', JSON.stringify({ redirect_uris, client_name: {} }), 'invalid_client_metadata'],
  [
    'an unknown application type',
    JSON.stringify({ redirect_uris, application_type: 'x' }),
    'invalid_client_metadata',
  ],
];

describe('registration metadata', () => {
  it.each(REFUSED_METADATA)('R31: %s is refused', (_, body, error) => {
    expect(() => parseRegistration(body)).toThrowError(expect.objectContaining({ status: 400, error }));
  });

  it('R31: deep JSON is read without harm', () => {
    const deep = `{"redirect_uris":["${REDIRECT_URI}"],"x":${'['.repeat(10_000)}${']'.repeat(10_000)}}`;
    expect(parseRegistration(deep).redirectUris).toEqual([REDIRECT_URI]);
  });

  it.each([
    ['a\u202Eb\u200Bc\u0007d\uFEFF', 'abcd'],
    ['two\r\nlines\u2028more', 'two lines more'],
    ['  ', 'unnamed client'],
    ['\u202E', 'unnamed client'],
    ['x'.repeat(500), 'x'.repeat(64)],
    ['\u{1F600}'.repeat(70), '\u{1F600}'.repeat(64)],
  ])('R28: the name %j is shown as %j', (name, shown) => {
    expect(parseRegistration(JSON.stringify({ redirect_uris, client_name: name })).name).toBe(shown);
  });
});

describe.each(['uws', 'https'] as const)('POST /oauth/register on %s', (engine) => {
  it('R31: answers 201 without caching, with ids of its own choice', async () => {
    const app = await startApp({ engine });
    const answer = await postJson(app, '/oauth/register', {
      redirect_uris,
      client_name: 'Claude Code',
      client_id: 'mine',
      client_secret: 'mine',
      client_id_issued_at: 1,
      application_type: 'native',
    });
    expect(answer.status).toBe(201);
    expect(answer.headers['cache-control']).toBe('no-store');
    expect(answer.headers['set-cookie']).toBeUndefined();
    const client = json(answer);
    expect(client).toMatchObject({
      redirect_uris,
      client_name: 'Claude Code',
      token_endpoint_auth_method: 'none',
      application_type: 'native',
    });
    expect(client.client_id).toMatch(/^[0-9a-f]{32}$/);
    expect(client.client_id_issued_at).not.toBe(1);
    expect(client).not.toHaveProperty('client_secret');
  });

  it('R31: another content type is 415, so that a page needs a preflight', async () => {
    const app = await startApp({ engine });
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/jsonp']) {
      const headers = { 'content-type': type };
      const body = JSON.stringify({ redirect_uris });
      const answer = await app.request({ method: 'POST', path: '/oauth/register', headers, body });
      expect(answer.status).toBe(415);
    }
    expect(app.oauth().clients()).toEqual([]);
  });

  it('R30: a bad redirect URI is 400 invalid_redirect_uri', async () => {
    const app = await startApp({ engine });
    const answer = await postJson(app, '/oauth/register', { redirect_uris: ['https://evil.com/cb'] });
    expect([answer.status, json(answer).error]).toEqual([400, 'invalid_redirect_uri']);
    expect(answer.headers['cache-control']).toBe('no-store');
  });

  it('R31: URLs in the metadata are never fetched', async () => {
    const app = await startApp({ engine });
    const canary = await startCanary();
    await register(app, {
      jwks_uri: `${canary.url}/jwks`,
      logo_uri: `${canary.url}/logo`,
      sector_identifier_uri: `${canary.url}/sector`,
      client_uri: canary.url,
    });
    await canary.expectSilence();
  });

  it('R18: a body past 32 KiB is 413', async () => {
    const app = await startApp({ engine });
    const answer = await postJson(app, '/oauth/register', { redirect_uris, client_name: 'x'.repeat(40_000) });
    expect(answer.status).toBe(413);
  });

  it('T4: only programs on this machine register', async () => {
    const app = await startApp({ engine });
    for (const [peer, status] of [
      ['192.168.1.7', 403],
      ['::ffff:10.0.0.1', 403],
      ['fe80::1', 403],
      ['127.0.0.2', 201],
      ['::1', 201],
      ['0000:0000:0000:0000:0000:0000:0000:0001', 201],
      ['::ffff:127.0.0.1', 201],
    ] as const) {
      app.pretendPeer(peer);
      const answer = await postJson(app, '/oauth/register', { redirect_uris });
      expect([peer, answer.status]).toEqual([peer, status]);
    }
  });

  it('R19: the 21st registration within a minute is 429 with Retry-After', async () => {
    const app = await startApp({ engine });
    for (let count = 0; count < 20; count++) await register(app);
    const answer = await postJson(app, '/oauth/register', { redirect_uris });
    expect(answer.status).toBe(429);
    expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
  });
});

describe('registered clients', () => {
  it('R31: at most 500 that nobody approved are kept, the approved one always', async () => {
    const app = await startApp();
    const { clientId } = await login(app);
    for (let count = 0; count < 502; count++) {
      app.pretendPeer(`127.0.${count >> 4}.1`);
      await register(app);
    }
    expect(app.oauth().clients()).toHaveLength(501);
    expect(app.oauth().clients()[0]?.clientId).toBe(clientId);
    await app.restart();
    expect(app.oauth().clients()).toHaveLength(501);
  });

  it('R31: what nobody approved is gone after 24 h, the approved one stays', async () => {
    const app = await startApp();
    const { clientId } = await login(app);
    await register(app);
    app.shiftClock(25 * 3_600_000);
    await app.restart();
    const left = await waitFor('the purge', () => app.oauth().clients());
    expect(left.map((client) => client.clientId)).toEqual([clientId]);
  });
});
