import { generateKeyPairSync } from 'node:crypto';
import { chmodSync, existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { startApp } from '../support/oauth-app.ts';
import { callMcp } from './flow.ts';

const DAY_MS = 86_400_000;

const jwkOf = (namedCurve: string): object =>
  generateKeyPairSync('ec', { namedCurve }).privateKey.export({ format: 'jwk' });

describe.each(['uws', 'https'] as const)('the signing keys, on %s', (engine) => {
  it('R46: stand in a file of mode 0600 and outlive a restart', async () => {
    const app = await startApp({ engine });
    const { accessToken } = await app.oauth().mint({ workspace: '/w', server: 'code' });
    expect(statSync(app.paths.signingKeys).mode & 0o777).toBe(0o600);
    const before = readFileSync(app.paths.signingKeys, 'utf8');
    await app.restart();
    expect(readFileSync(app.paths.signingKeys, 'utf8')).toBe(before);
    expect((await callMcp(app, accessToken)).status).toBe(200);
  });

  it('R46: a damaged file stops the start and is not replaced', async () => {
    const app = await startApp({ engine });
    const file = app.paths.signingKeys;
    const good = readFileSync(file, 'utf8');
    const [jwk] = JSON.parse(good).keys;
    const foreign = jwkOf('P-256') as Record<string, unknown>;
    const damaged: Record<string, string> = {
      empty: '',
      truncated: good.slice(0, good.length / 2),
      'a list': '[]',
      'no keys': '{"keys":[]}',
      'keys that are no list': '{"keys":1}',
      'no private member': JSON.stringify({ keys: [{ ...jwk, d: undefined }] }),
      'members of two keys': JSON.stringify({ keys: [{ ...jwk, d: foreign.d }] }),
      'another curve': JSON.stringify({ keys: [{ ...jwkOf('P-384'), created: 1 }] }),
      'no date': JSON.stringify({ keys: [jwkOf('P-256')] }),
      NUL: '\0'.repeat(100),
    };
    for (const [what, text] of Object.entries(damaged)) {
      writeFileSync(file, text);
      const failure = await app.restart().catch((error: unknown) => error);
      expect([what, failure]).toEqual([what, expect.objectContaining({ code: 'SIGNING_KEY_UNUSABLE' })]);
      expect((failure as Error).message).toContain(file);
      expect(readFileSync(file, 'utf8')).toBe(text);
    }
    writeFileSync(file, good);
    await app.restart();
  });

  it('R3: a file that others can read stops the start', async () => {
    const app = await startApp({ engine });
    chmodSync(app.paths.signingKeys, 0o644);
    await expect(app.restart()).rejects.toMatchObject({ code: 'FILE_UNSAFE' });
    chmodSync(app.paths.signingKeys, 0o600);
    await app.restart();
  });

  it('R46: rotate after 90 days; the old one verifies as long as its tokens may live, then it is gone', async () => {
    const app = await startApp({ engine });
    const kids = async (): Promise<string[]> =>
      JSON.parse((await app.request({ path: '/oauth/jwks' })).text).keys.map(
        (key: { kid: string }) => key.kid,
      );
    const [first] = await kids();
    app.shiftClock(90 * DAY_MS - 60_000);
    await app.restart();
    const { accessToken } = await app.oauth().mint({ workspace: '/w', server: 'code' });
    expect(await kids()).toEqual([first]);
    app.shiftClock(90 * DAY_MS + 60_000);
    await app.restart();
    const [second, ...old] = await kids();
    expect([second === first, old]).toEqual([false, [first]]);
    expect((await callMcp(app, accessToken)).status).toBe(200);
    app.shiftClock(90 * DAY_MS + 2 * 3_600_000);
    await app.restart();
    expect(await kids()).toEqual([second]);
  });

  it('R42: another set of keys makes every old token worthless', async () => {
    const app = await startApp({ engine });
    const { accessToken } = await app.oauth().mint({ workspace: '/w', server: 'code' });
    rmSync(app.paths.signingKeys);
    await app.restart();
    expect(existsSync(app.paths.signingKeys)).toBe(true);
    expect((await callMcp(app, accessToken)).status).toBe(401);
  });
});
