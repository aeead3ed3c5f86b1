import { describe, expect, it } from 'vitest';
import authorizeRequests from '../corpus/authorize-requests.json' with { type: 'json' };
import intended from '../corpus/differences.json' with { type: 'json' };
import redirectUris from '../corpus/redirect-uris.json' with { type: 'json' };
import tokenRequests from '../corpus/token-requests.json' with { type: 'json' };
import {
  authorizeQuery,
  challengeOf,
  codeForm,
  getAuthorize,
  newVerifier,
  obtainCode,
  postForm,
  refresh,
  register,
  type Server,
} from '../oauth/flow.ts';
import type { HttpsAnswer } from '../support/https-request.ts';
import { startOracle } from './oracle.ts';
import { formRequest, outcomeOf, parametersOf, type Row, type TokenRow, type Words } from './rows.ts';
import { startTarget } from './target.ts';

/** An authorization server whose owner says yes. */
interface Candidate extends Server {
  obtain(clientId: string): Promise<string>;
}

/** One bad request, or a story that ends in one: what it is, and what a candidate says to it in the end. */
interface Case {
  readonly name: string;
  ask(candidate: Candidate): Promise<string>;
}

const verifier = newVerifier();
/** Where oidc-provider has another default. */
const NATIVE = { application_type: 'native', grant_types: ['authorization_code', 'refresh_token'] };
const SCOPE = { scope: 'mcp' };
const good = (clientId: string): URLSearchParams => authorizeQuery(clientId, verifier, SCOPE);

/** The error that a redirect carries, in its query or its fragment. */
function errorIn(location = ''): string | null {
  if (!URL.canParse(location)) return null;
  const { searchParams, hash } = new URL(location);
  return searchParams.get('error') ?? new URLSearchParams(hash.slice(1)).get('error');
}

/** A page, a redirect to the client with an error, or on to the consent page. */
function authorizeOutcome({ status, headers }: HttpsAnswer): string {
  const error = errorIn(headers.location);
  if (error) return `${status} to the client: ${error}`;
  return status < 400 ? 'consent' : `${status} page`;
}

function tokenOutcome(answer: HttpsAnswer): string {
  const { status, error } = outcomeOf(answer);
  return error ? `${status} ${error}` : String(status);
}

async function wordsOf(candidate: Candidate, CLIENT: string): Promise<Words> {
  return {
    CLIENT,
    OTHER: await register(candidate, { redirect_uris: ['http://localhost:1/other'], ...NATIVE }),
    ISSUER: candidate.issuer,
    LOCALHOST: candidate.issuer.replace('127.0.0.1', 'localhost'),
    CHALLENGE: challengeOf(verifier),
    BASIC_CLIENT: `Basic ${Buffer.from(`${CLIENT}:`).toString('base64')}`,
    CANARY: 'http://127.0.0.1:9',
  };
}

interface Session {
  readonly clientId: string;
  readonly code: string;
  readonly tokens: { readonly access_token: string; readonly refresh_token: string };
}

const redeem = (candidate: Candidate, { clientId, code }: Omit<Session, 'tokens'>): Promise<HttpsAnswer> =>
  postForm(candidate, '/oauth/token', codeForm(clientId, code, verifier));

async function signIn(candidate: Candidate): Promise<Session> {
  const clientId = await register(candidate, NATIVE);
  const code = await candidate.obtain(clientId);
  return { clientId, code, tokens: JSON.parse((await redeem(candidate, { clientId, code })).text) };
}

const authorizeCases = (rows: readonly Row[]): Case[] =>
  rows.map((row) => ({
    name: `authorize: ${row.name}`,
    async ask(candidate) {
      const clientId = await register(candidate, NATIVE);
      const query = parametersOf(row, Object.fromEntries(good(clientId)), await wordsOf(candidate, clientId));
      return authorizeOutcome(await getAuthorize(candidate, query));
    },
  }));

/** oidc-provider registers no https on localhost. */
const redirectCases: Case[] = redirectUris.matches
  .filter(({ registered }) => registered.startsWith('http:'))
  .map(({ registered, requested }) => ({
    name: `redirect URI: ${requested} for ${registered}`,
    async ask(candidate) {
      const clientId = await register(candidate, { redirect_uris: [registered], ...NATIVE });
      const query = authorizeQuery(clientId, verifier, { redirect_uri: requested, ...SCOPE });
      return authorizeOutcome(await getAuthorize(candidate, query));
    },
  }));

const codeCases = (rows: readonly TokenRow[]): Case[] =>
  rows.map((row) => ({
    name: `code: ${row.name}`,
    async ask(candidate) {
      const clientId = await register(candidate, NATIVE);
      const form = codeForm(clientId, await candidate.obtain(clientId), verifier);
      const words = await wordsOf(candidate, clientId);
      return tokenOutcome(await candidate.request(formRequest('/oauth/token', row, form, words)));
    },
  }));

const tokenCases = (path: string, what: 'refresh' | 'revoke', rows: readonly TokenRow[]): Case[] =>
  rows.map((row) => ({
    name: `${what}: ${row.name}`,
    async ask(candidate) {
      const { clientId, tokens } = await signIn(candidate);
      const form =
        what === 'refresh'
          ? { grant_type: 'refresh_token', client_id: clientId, refresh_token: tokens.refresh_token }
          : { client_id: clientId, token: tokens.refresh_token };
      const words = { ...(await wordsOf(candidate, clientId)), ACCESS_TOKEN: tokens.access_token };
      return tokenOutcome(await candidate.request(formRequest(path, row, form, words)));
    },
  }));

const stories: readonly [string, (candidate: Candidate, session: Session) => Promise<HttpsAnswer>][] = [
  ['a code twice', redeem],
  [
    'a refresh after its code was replayed',
    async (candidate, session) => {
      await redeem(candidate, session);
      return refresh(candidate, session.clientId, session.tokens.refresh_token);
    },
  ],
  [
    'a good redemption after one with a wrong verifier',
    async (candidate, { clientId }) => {
      const code = await candidate.obtain(clientId);
      await postForm(candidate, '/oauth/token', codeForm(clientId, code, newVerifier()));
      return redeem(candidate, { clientId, code });
    },
  ],
  [
    'a good redemption after one by another client',
    async (candidate, { clientId }) => {
      const code = await candidate.obtain(clientId);
      await redeem(candidate, { clientId: await register(candidate, NATIVE), code });
      return redeem(candidate, { clientId, code });
    },
  ],
  ['a good refresh', (candidate, { clientId, tokens }) => refresh(candidate, clientId, tokens.refresh_token)],
  [
    'a refresh token twice at once',
    async (candidate, { clientId, tokens }) => {
      await refresh(candidate, clientId, tokens.refresh_token);
      return refresh(candidate, clientId, tokens.refresh_token);
    },
  ],
  [
    'a refresh token twice, its successor used',
    async (candidate, { clientId, tokens }) => {
      const next = JSON.parse((await refresh(candidate, clientId, tokens.refresh_token)).text);
      await refresh(candidate, clientId, next.refresh_token);
      return refresh(candidate, clientId, tokens.refresh_token);
    },
  ],
  [
    'the newest refresh token after an old one was reused',
    async (candidate, { clientId, tokens }) => {
      const next = JSON.parse((await refresh(candidate, clientId, tokens.refresh_token)).text);
      const last = JSON.parse((await refresh(candidate, clientId, next.refresh_token)).text);
      await refresh(candidate, clientId, tokens.refresh_token);
      return refresh(candidate, clientId, last.refresh_token);
    },
  ],
  [
    'a refresh after another client tried',
    async (candidate, { clientId, tokens }) => {
      await refresh(candidate, await register(candidate, NATIVE), tokens.refresh_token);
      return refresh(candidate, clientId, tokens.refresh_token);
    },
  ],
  [
    'a refresh after the token was revoked',
    async (candidate, { clientId: client_id, tokens }) => {
      await postForm(candidate, '/oauth/revoke', { client_id, token: tokens.refresh_token });
      return refresh(candidate, client_id, tokens.refresh_token);
    },
  ],
  [
    'a refresh after the access token was revoked',
    async (candidate, { clientId: client_id, tokens }) => {
      await postForm(candidate, '/oauth/revoke', { client_id, token: tokens.access_token });
      return refresh(candidate, client_id, tokens.refresh_token);
    },
  ],
  [
    'a refresh after another client revoked the token',
    async (candidate, { clientId, tokens }) => {
      const client_id = await register(candidate, NATIVE);
      await postForm(candidate, '/oauth/revoke', { client_id, token: tokens.refresh_token });
      return refresh(candidate, clientId, tokens.refresh_token);
    },
  ],
];

const cases: readonly Case[] = [
  ...authorizeCases([...authorizeRequests.page, ...authorizeRequests.client] as Row[]),
  ...redirectCases,
  ...codeCases(tokenRequests.code as TokenRow[]),
  ...tokenCases('/oauth/token', 'refresh', tokenRequests.refresh as TokenRow[]),
  ...tokenCases('/oauth/revoke', 'revoke', tokenRequests.revoke as TokenRow[]),
  ...stories.map(([name, tell]) => ({
    name: `story: ${name}`,
    ask: async (candidate: Candidate) => tokenOutcome(await tell(candidate, await signIn(candidate))),
  })),
];

describe('oidc-provider as an oracle', () => {
  it('R29, R32, R33, R34, R36, R37, R38, R40: says the same to every bad request, but where we know why not', async () => {
    const target = await startTarget('uws');
    const ours: Candidate = Object.assign(target, {
      obtain: (clientId: string) => obtainCode(target, clientId, verifier, SCOPE),
    });
    const oracle = await startOracle();
    const theirs: Candidate = {
      ...oracle,
      resolve: async () => true,
      obtain: (clientId) => oracle.authorize(good(clientId)),
    };
    const differences: unknown[] = [];
    for (const { name, ask } of cases) {
      const [own, other] = await Promise.all([ask(ours), ask(theirs)]);
      if (own !== other) differences.push({ name, ours: own, theirs: other });
    }
    expect(differences).toEqual(intended.map(({ reason, ...difference }) => difference));
  });
});
