import { describe, expect, it } from 'vitest';
import { startApp } from '../support/oauth-app.ts';
import { authorizeQuery, newVerifier, register } from './flow.ts';

describe.each(['uws', 'https'] as const)('GET /oauth/authorize on %s', (engine) => {
  it('T4: another machine gets 403 and opens nothing', async () => {
    const app = await startApp({ engine });
    const path = `/oauth/authorize?${authorizeQuery(await register(app), newVerifier())}`;
    app.pretendPeer('192.168.1.7');
    expect((await app.request({ path })).status).toBe(403);
    expect(app.oauth().pending()).toEqual([]);
  });
});
