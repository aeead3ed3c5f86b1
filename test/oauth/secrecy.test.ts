import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { limits } from '../../src/limits.ts';
import { startApp } from '../support/oauth-app.ts';
import {
  callMcp,
  codeForm,
  login,
  newVerifier,
  obtainCode,
  openPage,
  postForm,
  refresh,
  register,
  type TokenAnswer,
} from './flow.ts';

const STATE = 'state-canary-1f3b';

/** Every byte of every file below the directory. */
function readTree(directory: string): string {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'latin1'))
    .join('\n');
}

describe.each(['uws', 'https'] as const)('secrets, on %s', (engine) => {
  it('R41, R55: no issued secret stands in the store, the log or any other file', async () => {
    const app = await startApp({ engine });
    const clientId = await register(app);
    const verifier = newVerifier();
    const { transaction, matchCode } = await openPage(app, clientId, verifier, { state: STATE });
    const code = await obtainCode(app, clientId, verifier, { state: STATE });
    const tokens = JSON.parse(
      (await postForm(app, '/oauth/token', codeForm(clientId, code, verifier))).text,
    ) as TokenAnswer;
    const rotated = JSON.parse((await refresh(app, clientId, tokens.refresh_token)).text) as TokenAnswer;
    const { accessToken } = await app.oauth().mint({ workspace: '/w', server: 'code' });
    await callMcp(app, accessToken);
    await callMcp(app, `${accessToken}x`);
    await app.request({ path: `/mcp?access_token=${accessToken}` });
    await refresh(app, clientId, 'refresh-canary');
    await postForm(app, '/oauth/revoke', { client_id: clientId, token: rotated.access_token });
    await app.restart();

    const secrets = [transaction, matchCode, code, verifier, STATE, accessToken, 'refresh-canary'];
    for (const answer of [tokens, rotated]) {
      secrets.push(
        answer.access_token,
        ...answer.refresh_token.split('.'),
        ...answer.access_token.split('.').slice(1),
      );
    }
    const everything = readTree(app.paths.root);
    expect(everything.length).toBeGreaterThan(1_000);
    expect(everything).toContain(clientId);
    for (const secret of secrets) expect(everything.includes(secret)).toBe(false);
  });

  it('R41: nothing depends on Math.random', async () => {
    vi.spyOn(Math, 'random').mockReturnValue(0);
    const app = await startApp({ engine });
    const [one, two] = [await login(app), await login(app)];
    expect(one.clientId).not.toBe(two.clientId);
    expect(one.tokens.refresh_token).not.toBe(two.tokens.refresh_token);
  });

  it('R56: a flood of refused requests takes no more than its share of the log', async () => {
    const app = await startApp({ engine });
    for (let turn = 0; turn < 20; turn++) {
      await Promise.all(Array.from({ length: 10 }, () => callMcp(app, 'x')));
    }
    expect(app.log().match(/"bearer\.refused"/g)).toHaveLength(limits.refusalLinesPerMinute);
  });

  it('R56: what a client calls itself cannot forge a line', async () => {
    const app = await startApp({ engine });
    const before = app.log().split('\n').length;
    await register(app, { client_name: 'x\n{"event":"forged"}\u001b[2J\u202e' });
    await app.request({ path: '/oauth/authorize?client_id=%0a%7b%22event%22' });
    const lines = app.log().split('\n');
    expect(lines.length).toBe(before + 2);
    expect(app.log()).toMatch(/^[\x20-\x7e\n]*$/);
  });
});
