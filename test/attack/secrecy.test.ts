import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { newMatchCode } from '../../src/match-code.ts';
import { newSessionId } from '../../src/mcp/session-id.ts';
import { newRefreshToken } from '../../src/oauth/refresh-token.ts';
import { newId, newSecret } from '../../src/oauth/secrets.ts';
import { openStore } from '../../src/store/store.ts';
import {
  codeForm,
  login,
  newVerifier,
  obtainCode,
  openPage,
  postForm,
  refresh,
  register,
} from '../oauth/flow.ts';
import { mintFor } from '../support/control.ts';
import { ENGINES } from '../support/listen.ts';
import { startTarget, type Target } from './target.ts';

const silent = (): void => undefined;
const STATE = 'state-canary-1f3b';

/** Every file below the directory, by name. */
function readTree(directory: string): Map<string, Buffer> {
  const files = readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
  return new Map(files.map((file) => [file, readFileSync(file)]));
}

/** Every way in which a secret of ours could stand in a file. */
function formsOf(secret: string): readonly Buffer[] {
  const spellings = [Buffer.from(secret), Buffer.from(secret, 'base64url')].filter(
    ({ length }) => length >= 8,
  );
  return spellings.flatMap((bytes) => [
    bytes,
    Buffer.from(bytes.toString('hex')),
    Buffer.from(bytes.toString('base64').replaceAll('=', '')),
    Buffer.from(bytes.toString('base64url')),
  ]);
}

/** Uses every secret there is, in every way that ends one; gives them. */
async function spendSecrets(target: Target): Promise<Map<string, string>> {
  const clientId = await register(target);
  const verifier = newVerifier();
  const { transaction, matchCode } = await openPage(target, clientId, verifier, { state: STATE });
  const code = await obtainCode(target, clientId, verifier, { state: STATE });
  const form = codeForm(clientId, code, verifier);
  const tokens = JSON.parse((await postForm(target, '/oauth/token', form)).text);
  const rotated = JSON.parse((await refresh(target, clientId, tokens.refresh_token)).text);
  const minted = await mintFor(target.home, target.home.dir);
  const revoked = await login(target);
  await target.useToken(minted);
  await target.useToken(`${minted}x`);
  await target.request({ path: `/mcp?access_token=${minted}` });
  await refresh(target, clientId, 'refresh-canary');
  await postForm(target, '/oauth/revoke', { client_id: clientId, token: rotated.access_token });
  await postForm(target, '/oauth/revoke', {
    client_id: revoked.clientId,
    token: revoked.tokens.refresh_token,
  });
  const secrets = new Map([
    ['transaction', transaction],
    ['match code', matchCode],
    ['code', code],
    ['verifier', verifier],
    ['state', STATE],
    ['wrong refresh token', 'refresh-canary'],
    ['owner secret', readFileSync(target.home.paths.ownerSecret, 'utf8').trim()],
  ]);
  for (const [name, token] of Object.entries({
    minted,
    first: tokens.access_token,
    second: rotated.access_token,
    revoked: revoked.tokens.access_token,
  })) {
    const [, payload = '', signature = ''] = token.split('.');
    secrets.set(`${name} access token, payload`, payload).set(`${name} access token, signature`, signature);
  }
  for (const [name, token] of Object.entries({
    first: tokens.refresh_token,
    second: rotated.refresh_token,
    revoked: revoked.tokens.refresh_token,
  })) {
    const [family = '', secret = ''] = token.split('.');
    secrets.set(`${name} refresh token, family`, family).set(`${name} refresh token`, secret);
  }
  return secrets;
}

describe.each(ENGINES)('secrets, on %s', (engine) => {
  it('R41, R55: no secret that was issued stands in the store, the log or any file but its own, in any form', async () => {
    const target = await startTarget(engine, { CLAUDE_SECURE_LOG: 'debug' });
    const { paths } = target.home;
    const secrets = await spendSecrets(target);
    function findings(): string[] {
      return [...readTree(paths.root)].flatMap(([file, content]) =>
        [...secrets]
          .filter(([, secret]) => formsOf(secret).some((form) => content.includes(form)))
          .map(([name]) => `${name}: ${file}`),
      );
    }
    const own = [`owner secret: ${paths.ownerSecret}`];
    expect(findings()).toEqual(own);
    // A start writes the database's log anew, as a table.
    await target.restart();
    expect(findings()).toEqual(own);

    target.daemon.running.kill('SIGTERM');
    await target.daemon.running.ended;
    const store = await openStore(paths.store, { error: silent, info: silent, debug: silent, close: silent });
    const records: string[] = [];
    for await (const entry of store.entries('')) records.push(JSON.stringify(entry));
    await store.close();
    // What stands there of the living grant's family is its digest, so the search does see its record.
    const family = secrets.get('second refresh token, family') ?? '';
    expect(records.join()).toContain(createHash('sha256').update(family).digest('base64url'));
    expect([...secrets].filter(([, secret]) => records.join().includes(secret))).toEqual([]);
  });

  it('R41: nothing depends on Math.random', async () => {
    const code = 'Math.random = () => 0; process.title = "random is zero"';
    const target = await startTarget(engine, {
      NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(code)}`,
    });
    const command = readFileSync(`/proc/${target.daemon.state.pid}/cmdline`, 'utf8');
    expect(command).toContain('random is zero');
    const verifier = newVerifier();
    const [one, two] = [await login(target), await login(target)];
    const pages = [
      await openPage(target, one.clientId, verifier),
      await openPage(target, one.clientId, verifier),
    ];
    const codes = [
      await obtainCode(target, one.clientId, verifier),
      await obtainCode(target, one.clientId, verifier),
    ];
    const issued = [
      ...[one, two].flatMap(({ clientId, tokens }) => [
        clientId,
        tokens.access_token,
        ...tokens.refresh_token.split('.'),
      ]),
      ...pages.flatMap(({ matchCode, transaction }) => [matchCode, transaction]),
      ...codes,
    ];
    expect(new Set(issued).size).toBe(issued.length);
  });
});

describe('R41: what a secret is made of', () => {
  it.each([
    ['a client id, a grant, a jti', newId, 16, 'hex'],
    ['a code, a transaction', newSecret, 32, 'base64url'],
    ['a session id', newSessionId, 32, 'base64url'],
    ['a refresh token', () => newRefreshToken().text.split('.')[1] ?? '', 32, 'base64url'],
  ] as const)(
    'R41: of 100,000 times %s no two are alike, and each has its bytes',
    (_, make, bytes, encoding) => {
      const made = Array.from({ length: 100_000 }, make);
      expect(new Set(made).size).toBe(made.length);
      for (const text of made.slice(0, 100)) {
        expect(Buffer.from(text, encoding)).toHaveLength(bytes);
        expect(Buffer.from(text, encoding).toString(encoding)).toBe(text);
      }
    },
  );

  it('R26: a match code uses every letter of its alphabet at every place alike', () => {
    const codes = Array.from({ length: 32_000 }, newMatchCode);
    for (const place of [0, 1, 2, 3, 5, 6, 7, 8]) {
      const counts = new Map<string, number>();
      for (const code of codes) counts.set(code.charAt(place), (counts.get(code.charAt(place)) ?? 0) + 1);
      expect(counts.size).toBe(32);
      // 1,000 of each are expected; six standard deviations are 190.
      for (const count of counts.values()) expect(Math.abs(count - 1_000)).toBeLessThan(190);
    }
  });
});
