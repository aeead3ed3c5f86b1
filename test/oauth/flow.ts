import { createHash, randomBytes } from 'node:crypto';
import type { HttpsAnswer } from '../support/https-request.ts';
import type { AppRequest } from '../support/oauth-app.ts';

/** Whom the flow is played against: the authorization server in this process, or the built daemon. */
export interface Server {
  readonly issuer: string;
  request(request: AppRequest): Promise<HttpsAnswer>;
  /** The owner's yes or no to the request under this match code; false if none waits under it. */
  resolve(code: string, approve: boolean): Promise<boolean>;
}

export const REDIRECT_URI = 'http://127.0.0.1:33418/callback';

export interface TokenAnswer {
  access_token: string;
  token_type: string;
  expires_in: number;
  refresh_token: string;
  scope: string;
}

export const json = (answer: HttpsAnswer): Record<string, unknown> => JSON.parse(answer.text);

export const challengeOf = (verifier: string): string =>
  createHash('sha256').update(verifier).digest('base64url');

export const newVerifier = (): string => randomBytes(32).toString('base64url');

export function postJson(server: Server, path: string, body: unknown): Promise<HttpsAnswer> {
  const headers = { 'content-type': 'application/json' };
  return server.request({ method: 'POST', path, headers, body: JSON.stringify(body) });
}

export function postForm(
  server: Server,
  path: string,
  form: Record<string, string> | string[][] | URLSearchParams,
  headers: Record<string, string> = {},
): Promise<HttpsAnswer> {
  return server.request({
    method: 'POST',
    path,
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
    body: new URLSearchParams(form).toString(),
  });
}

/** Registers a client and gives its id. */
export async function register(server: Server, metadata: Record<string, unknown> = {}): Promise<string> {
  const answer = await postJson(server, '/oauth/register', {
    client_name: 'Test client',
    redirect_uris: [REDIRECT_URI],
    token_endpoint_auth_method: 'none',
    ...metadata,
  });
  if (answer.status !== 201) throw new Error(`register: ${answer.status} ${answer.text}`);
  return json(answer).client_id as string;
}

export interface AuthorizeParameters {
  [name: string]: string | undefined;
}

/** The parameters of a good request; `overrides` replace them, undefined leaves one out. */
export function authorizeQuery(
  clientId: string,
  verifier: string,
  overrides: AuthorizeParameters = {},
): URLSearchParams {
  const parameters: AuthorizeParameters = {
    response_type: 'code',
    client_id: clientId,
    redirect_uri: REDIRECT_URI,
    code_challenge: challengeOf(verifier),
    code_challenge_method: 'S256',
    state: 'st-4711',
    ...overrides,
  };
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) if (value !== undefined) query.append(name, value);
  return query;
}

export const getAuthorize = (server: Server, query: URLSearchParams | string): Promise<HttpsAnswer> =>
  server.request({ path: `/oauth/authorize?${query}` });

export interface WaitingPage {
  readonly matchCode: string;
  /** Where the page asks again. */
  readonly target: string;
  readonly transaction: string;
}

export function readPage(text: string): WaitingPage {
  const matchCode = /<code[^>]*>claude-secure approve ([0-9A-Z-]+)<\/code>/.exec(text)?.[1];
  const target = /http-equiv="refresh" content="\d+;url=([^"]+)"/.exec(text)?.[1];
  if (!matchCode || !target) throw new Error(`not a waiting page: ${text}`);
  return {
    matchCode,
    target,
    transaction: new URLSearchParams(target.split('?')[1]).get('transaction') ?? '',
  };
}

export async function openPage(
  server: Server,
  clientId: string,
  verifier: string,
  overrides?: AuthorizeParameters,
): Promise<WaitingPage> {
  const answer = await getAuthorize(server, authorizeQuery(clientId, verifier, overrides));
  if (answer.status !== 200) throw new Error(`authorize: ${answer.status} ${answer.headers.location}`);
  return readPage(answer.text);
}

/** The parameters that a 303 carries to the client. */
export function answerOf(answer: HttpsAnswer): URLSearchParams {
  if (answer.status !== 303) throw new Error(`expected a redirect: ${answer.status} ${answer.text}`);
  return new URL(answer.headers.location ?? '').searchParams;
}

/** The whole way to an authorization code, with the owner's yes. */
export async function obtainCode(
  server: Server,
  clientId: string,
  verifier: string,
  overrides?: AuthorizeParameters,
): Promise<string> {
  const page = await openPage(server, clientId, verifier, overrides);
  await server.resolve(page.matchCode, true);
  return answerOf(await server.request({ path: page.target })).get('code') ?? '';
}

export const codeForm = (
  clientId: string,
  code: string,
  verifier: string,
  overrides: Record<string, string> = {},
): Record<string, string> => ({
  grant_type: 'authorization_code',
  client_id: clientId,
  code,
  redirect_uri: REDIRECT_URI,
  code_verifier: verifier,
  ...overrides,
});

export interface Login {
  readonly clientId: string;
  readonly tokens: TokenAnswer;
}

/** A registered client with tokens. */
export async function login(server: Server, overrides?: AuthorizeParameters): Promise<Login> {
  const clientId = await register(server);
  const verifier = newVerifier();
  const code = await obtainCode(server, clientId, verifier, overrides);
  const answer = await postForm(server, '/oauth/token', codeForm(clientId, code, verifier));
  if (answer.status !== 200) throw new Error(`token: ${answer.status} ${answer.text}`);
  return { clientId, tokens: JSON.parse(answer.text) as TokenAnswer };
}

export const refresh = (
  server: Server,
  clientId: string,
  refreshToken: string,
  more: Record<string, string> = {},
): Promise<HttpsAnswer> =>
  postForm(server, '/oauth/token', {
    grant_type: 'refresh_token',
    client_id: clientId,
    refresh_token: refreshToken,
    ...more,
  });

export const callMcp = (server: Server, token: string): Promise<HttpsAnswer> =>
  server.request({ path: '/mcp', headers: { authorization: `Bearer ${token}` } });
