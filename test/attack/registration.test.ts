import { describe, expect, it } from 'vitest';
import redirectUris from '../corpus/redirect-uris.json' with { type: 'json' };
import registrations from '../corpus/registrations.json' with { type: 'json' };
import { startCanary } from '../oauth/canary.ts';
import { json, login, postJson, register } from '../oauth/flow.ts';
import type { HttpsAnswer } from '../support/https-request.ts';
import { ENGINES } from '../support/listen.ts';
import { fill, outcomeOf, type RegistrationRow } from './rows.ts';
import { type Target, type TargetRequest, useTarget } from './target.ts';

const refused = registrations.refused as readonly RegistrationRow[];
const accepted = registrations.accepted as readonly RegistrationRow[];
const GOOD = { redirect_uris: ['http://localhost/cb'] };
const UNAPPROVED = 500;

function send(target: Target, body: unknown, more: Partial<TargetRequest> = {}): Promise<HttpsAnswer> {
  return target.request({
    method: 'POST',
    path: '/oauth/register',
    headers: { 'content-type': 'application/json' },
    body: typeof body === 'string' ? body : JSON.stringify(body),
    ...more,
  });
}

describe.each(ENGINES)('POST /oauth/register, on %s', (engine) => {
  const target = useTarget(engine);

  it('R30: of every hostile redirect URI, alone or behind a good one, nothing is registered', async () => {
    for (const uri of redirectUris.refused) {
      for (const redirect_uris of [[uri], [...GOOD.redirect_uris, uri]]) {
        const answer = await send(target(), { redirect_uris });
        expect({ uri, ...outcomeOf(answer) }).toEqual({ uri, status: 400, error: 'invalid_redirect_uri' });
        // The answer to a program says what is allowed, never what was sent.
        expect(answer.text).toBe(
          '{"error":"invalid_redirect_uri","error_description":"redirect_uris must hold 1 to 10 loopback URIs (http or https on 127.0.0.1, [::1] or localhost)"}',
        );
      }
    }
    expect((await target().control('clients', {})).clients).toEqual([]);
  });

  it('R30: a loopback redirect URI is registered exactly as it was sent', async () => {
    for (const uri of redirectUris.allowed) {
      const answer = await send(target(), { redirect_uris: [uri] });
      expect([uri, answer.status, json(answer).redirect_uris]).toEqual([uri, 201, [uri]]);
    }
  });

  it.each(refused)('R31: $name is refused', async ({ body, error }) => {
    const before = (await target().control('clients', {})).clients.length;
    expect(outcomeOf(await send(target(), body))).toEqual({ status: 400, error });
    expect((await target().control('clients', {})).clients).toHaveLength(before);
  });

  it.each(accepted)(
    'R31: $name is registered with what is ours alone, and nothing is fetched',
    async (row) => {
      const canary = await startCanary();
      const text = typeof row.body === 'string' ? row.body : JSON.stringify(row.body);
      const answer = await send(target(), fill(text, { CANARY: canary.url }));
      expect(answer.status).toBe(201);
      const sent = JSON.parse(text);
      const now = Math.floor(Date.now() / 1_000);
      const client = json(answer);
      expect(client).toEqual({
        client_id: expect.stringMatching(/^[0-9a-f]{32}$/),
        client_id_issued_at: expect.any(Number),
        client_name: sent.client_name ?? 'unnamed client',
        redirect_uris: sent.redirect_uris,
        application_type: 'native',
        grant_types: ['authorization_code', 'refresh_token'],
        response_types: ['code'],
        token_endpoint_auth_method: 'none',
        scope: 'mcp',
      });
      expect(Math.abs((client.client_id_issued_at as number) - now)).toBeLessThan(60);
      const { clients } = await target().control('clients', {});
      expect(clients.find(({ clientId }) => clientId === client.client_id)).toMatchObject({ grants: 0 });
      await canary.expectSilence();
    },
  );

  it('R31: JSON of any depth within the limit is read without harm', async () => {
    const deep = `{"redirect_uris":["http://localhost/cb"],"x":${'['.repeat(16_000)}${']'.repeat(16_000)}}`;
    expect((await send(target(), deep)).status).toBe(201);
  });

  it.each(registrations.contentTypes)(
    'R31: the content type %j is 415, so that a page needs a preflight, which nobody answers',
    async (type) => {
      const headers: Record<string, string> = type === null ? {} : { 'content-type': type };
      expect(outcomeOf(await send(target(), GOOD, { headers }))).toEqual({
        status: 415,
        error: 'invalid_client_metadata',
      });
    },
  );

  it('R31: JSON in any case and with a charset is read', async () => {
    const headers = { 'content-type': 'Application/JSON; charset=utf-8' };
    expect((await send(target(), GOOD, { headers })).status).toBe(201);
  });

  it('R18: a body past 32 KiB is 413', async () => {
    expect((await send(target(), { ...GOOD, client_name: 'x'.repeat(33_000) })).status).toBe(413);
  });

  it('R19: the 21st registration of a peer within a minute is 429 with Retry-After, another peer goes on', async () => {
    const peer = '127.9.0.1';
    for (let count = 0; count < 20; count++) expect((await send(target(), GOOD, { peer })).status).toBe(201);
    const answer = await send(target(), GOOD, { peer });
    expect(outcomeOf(answer)).toEqual({ status: 429, error: 'temporarily_unavailable' });
    expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
    expect((await send(target(), GOOD, { peer: '127.9.0.2' })).status).toBe(201);
  });

  it('R31: of those nobody approved 500 stay, the newest, and every approved one, over a restart too', async () => {
    const server = target();
    const approved = await login(server);
    const oldest = await register(server);
    for (let count = 1; count < UNAPPROVED; count += 10) {
      await Promise.all(Array.from({ length: 10 }, () => postJson(server, '/oauth/register', GOOD)));
    }
    const newest = await register(server);
    for (const when of ['before', 'after']) {
      const ids = (await server.control('clients', {})).clients.map(({ clientId }) => clientId);
      expect([when, ids.length]).toEqual([when, UNAPPROVED + 1]);
      expect(ids).toContain(approved.clientId);
      expect(ids).toContain(newest);
      expect(ids).not.toContain(oldest);
      if (when === 'before') await server.restart();
    }
  });
});
