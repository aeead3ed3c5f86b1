import { describe, expect, it } from 'vitest';
import { startApp } from '../support/oauth-app.ts';

describe.each(['uws', 'https'] as const)('metadata on %s', (engine) => {
  it('R46: the key set is public, and its ids are thumbprints', async () => {
    const app = await startApp({ engine });
    const { calculateJwkThumbprint } = await import('jose');
    const { keys } = JSON.parse((await app.request({ path: '/oauth/jwks' })).text);
    expect(keys).toHaveLength(1);
    expect(Object.keys(keys[0]).sort()).toEqual(['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y']);
    expect(keys[0]).toMatchObject({ alg: 'ES256', use: 'sig', kid: await calculateJwkThumbprint(keys[0]) });
  });
});
