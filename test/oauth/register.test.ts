import { describe, expect, it } from 'vitest';
import { startApp } from '../support/oauth-app.ts';
import { postJson, REDIRECT_URI } from './flow.ts';

describe.each(['uws', 'https'] as const)('POST /oauth/register on %s', (engine) => {
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
      const answer = await postJson(app, '/oauth/register', { redirect_uris: [REDIRECT_URI] });
      expect([peer, answer.status]).toEqual([peer, status]);
    }
  });
});
