import { createHash, randomBytes } from 'node:crypto';
import { expect } from 'vitest';
import type { Home } from './home.ts';
import { ask, register, type SignedIn } from './oauth-client.ts';
import { runProgram } from './program.ts';

const REDIRECT_URI = 'http://127.0.0.1:9/callback';

export interface FullLogin extends SignedIn {
  /** Everything that was secret on the way, by name. */
  readonly secrets: Readonly<Record<string, string>>;
}

/** A program's whole way to tokens, which keeps whatever it sent and was given. */
export async function loginInFull(home: Home): Promise<FullLogin> {
  const clientId: string = JSON.parse((await register(home)).text).client_id;
  const [verifier, state] = [
    randomBytes(32).toString('base64url'),
    `state-${randomBytes(12).toString('hex')}`,
  ];
  const query = new URLSearchParams({
    response_type: 'code',
    client_id: clientId,
    redirect_uri: REDIRECT_URI,
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
    state,
  });
  const page = await ask(home, { path: `/oauth/authorize?${query}` });
  const matchCode = /claude-secure approve ([0-9A-Z-]+)/.exec(page.text)?.[1] ?? '';
  const target = /content="\d+;url=([^"]+)"/.exec(page.text)?.[1]?.replaceAll('&amp;', '&') ?? '';
  expect((await runProgram(home, ['approve', matchCode], { input: 'y\n' })).status).toBe(0);
  const { headers } = await ask(home, { path: target });
  const code = new URL(headers.location ?? '').searchParams.get('code') ?? '';
  const form = {
    grant_type: 'authorization_code',
    client_id: clientId,
    redirect_uri: REDIRECT_URI,
    code,
    code_verifier: verifier,
  };
  const answer = await ask(home, {
    path: '/oauth/token',
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams(form).toString(),
  });
  const { access_token: accessToken, refresh_token: refreshToken } = JSON.parse(answer.text);
  const transaction = new URLSearchParams(target.split('?')[1]).get('transaction') ?? '';
  const [, , signature = ''] = accessToken.split('.');
  const secrets = { verifier, state, matchCode, transaction, code, accessToken, signature, refreshToken };
  return { clientId, accessToken, refreshToken, secrets };
}
