import { createHash, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Home } from './home.ts';
import { type HttpsAnswer, type HttpsRequest, httpsRequest } from './https-request.ts';
import { readState, runProgram } from './program.ts';

const REDIRECT_URI = 'http://127.0.0.1:9/callback';

/** One request to the daemon that runs in this home now. */
export function ask(home: Home, request: Omit<HttpsRequest, 'port' | 'ca'>): Promise<HttpsAnswer> {
  const port = readState(home)?.port ?? 0;
  return httpsRequest({ ca: readFileSync(home.paths.caBundle, 'utf8'), ...request, port });
}

const askForm = (home: Home, path: string, form: Record<string, string>): Promise<HttpsAnswer> =>
  ask(home, {
    path,
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams(form).toString(),
  });

export const register = (home: Home, name = 'a client'): Promise<HttpsAnswer> =>
  ask(home, {
    path: '/oauth/register',
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      client_name: name,
      redirect_uris: [REDIRECT_URI],
      token_endpoint_auth_method: 'none',
    }),
  });

export interface SignedIn {
  clientId: string;
  accessToken: string;
  refreshToken: string;
}

/** An authorization code and what it is redeemed with. */
export interface IssuedCode {
  readonly clientId: string;
  readonly code: string;
  readonly verifier: string;
}

async function approveInTerminal(home: Home, matchCode: string): Promise<void> {
  const approved = await runProgram(home, ['approve', matchCode], { input: 'y\n' });
  if (approved.status !== 0) throw new Error(`approve: ${approved.stderr}`);
}

/** Another program's way to a code, with the owner's yes in the terminal if nobody else gives it. */
export async function requestCode(home: Home, approve = approveInTerminal): Promise<IssuedCode> {
  const clientId: string = JSON.parse((await register(home)).text).client_id;
  const verifier = randomBytes(32).toString('base64url');
  const query = new URLSearchParams({
    response_type: 'code',
    client_id: clientId,
    redirect_uri: REDIRECT_URI,
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
  });
  const page = await ask(home, { path: `/oauth/authorize?${query}` });
  const matchCode = /claude-secure approve ([0-9A-Z-]+)/.exec(page.text)?.[1] ?? '';
  const target = /http-equiv="refresh" content="\d+;url=([^"]+)"/.exec(page.text)?.[1] ?? '';
  await approve(home, matchCode);
  const { headers } = await ask(home, { path: target.replaceAll('&amp;', '&') });
  return { clientId, verifier, code: new URL(headers.location ?? '').searchParams.get('code') ?? '' };
}

export const redeem = (home: Home, { clientId, code, verifier }: IssuedCode): Promise<HttpsAnswer> =>
  askForm(home, '/oauth/token', {
    grant_type: 'authorization_code',
    client_id: clientId,
    redirect_uri: REDIRECT_URI,
    code,
    code_verifier: verifier,
  });

/** The tokens in an answer of the token endpoint. */
export function readTokens({ status, text }: HttpsAnswer, clientId: string): SignedIn {
  if (status !== 200) throw new Error(`token: ${status} ${text}`);
  const { access_token: accessToken, refresh_token: refreshToken } = JSON.parse(text);
  return { clientId, accessToken, refreshToken };
}

/** Another program's whole way to tokens. */
export async function signIn(home: Home, approve = approveInTerminal): Promise<SignedIn> {
  const issued = await requestCode(home, approve);
  return readTokens(await redeem(home, issued), issued.clientId);
}

export const refresh = (home: Home, { clientId, refreshToken }: SignedIn): Promise<HttpsAnswer> =>
  askForm(home, '/oauth/token', {
    grant_type: 'refresh_token',
    client_id: clientId,
    refresh_token: refreshToken,
  });

export const revoke = (home: Home, clientId: string, token: string): Promise<HttpsAnswer> =>
  askForm(home, '/oauth/revoke', { client_id: clientId, token });

/** What Claude's headers helper is given, without the scheme. */
export async function mintToken(home: Home, server = 'code'): Promise<string> {
  const { stdout, stderr, status } = await runProgram(home, ['headers', server]);
  if (status !== 0) throw new Error(`headers: ${stderr}`);
  return JSON.parse(stdout).Authorization.replace('Bearer ', '');
}

/** Opens an MCP session with the token; 200 if it is good. */
export async function useToken(home: Home, token: string): Promise<number> {
  const { status } = await ask(home, {
    path: '/mcp',
    method: 'POST',
    headers: {
      authorization: `Bearer ${token}`,
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
    },
    body: JSON.stringify({
      jsonrpc: '2.0',
      id: 1,
      method: 'initialize',
      params: {
        protocolVersion: '2025-11-25',
        capabilities: {},
        clientInfo: { name: 'test', version: '1' },
      },
    }),
  });
  return status;
}
