import { readFileSync } from 'node:fs';
import { get, type RequestOptions } from 'node:https';
import { describe, expect, it } from 'vitest';
import { type App, startApp } from '../support/oauth-app.ts';
import { callMcp, login, postForm } from './flow.ts';

/** Opens the stream; the promise resolves when the server ends it. */
function openStream(app: App, token: string, ca: string): Promise<{ ended: Promise<void> }> {
  return new Promise((resolve, reject) => {
    const options: RequestOptions = {
      host: '127.0.0.1',
      port: app.port,
      path: '/mcp/stream',
      ca,
      agent: false,
    };
    get({ ...options, headers: { authorization: `Bearer ${token}` } }, (response) => {
      const ended = new Promise<void>((done) => response.once('end', done));
      response.once('data', () => resolve({ ended }));
      response.resume();
    }).on('error', reject);
  });
}

describe.each(['uws', 'https'] as const)('the Bearer check on %s', (engine) => {
  it('R45: a stream is closed when its token is revoked, and when it expires by a jump of the clock', async () => {
    const app = await startApp({ engine });
    const ca = readFileSync(app.paths.caBundle, 'utf8');
    const revoked = await login(app);
    const stream = await openStream(app, revoked.tokens.access_token, ca);
    const form = { client_id: revoked.clientId, token: revoked.tokens.refresh_token };
    await postForm(app, '/oauth/revoke', form);
    await stream.ended;
    const expiring = await login(app);
    const other = await openStream(app, expiring.tokens.access_token, ca);
    app.shiftClock(2 * 3_600_000);
    await other.ended;
    expect((await callMcp(app, expiring.tokens.access_token)).status).toBe(401);
  });

  it('R45: with the clock set back, expired tokens stay dead, over a restart too', async () => {
    const app = await startApp({ engine });
    const { tokens } = await login(app);
    app.shiftClock(2 * 3_600_000);
    expect((await callMcp(app, tokens.access_token)).status).toBe(401);
    app.shiftClock(0);
    expect((await callMcp(app, tokens.access_token)).status).toBe(401);
    await app.restart();
    expect((await callMcp(app, tokens.access_token)).status).toBe(401);
    const fresh = await login(app);
    expect((await callMcp(app, fresh.tokens.access_token)).status).toBe(200);
  });

  it('R45: 60 s of clock either way change nothing', async () => {
    const app = await startApp({ engine });
    const { tokens } = await login(app);
    for (const shift of [-60_000, 60_000, 0]) {
      app.shiftClock(shift);
      expect((await callMcp(app, tokens.access_token)).status).toBe(200);
    }
  });
});
