import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { errors, Provider } from 'oidc-provider';
import { onTestFinished } from 'vitest';
import type { HttpsAnswer } from '../support/https-request.ts';
import type { AppRequest } from '../support/oauth-app.ts';

const ACCOUNT = 'owner';
/** To the consent page, from it, and on to the client. */
const STEPS = 4;

/** Another's authorization server with our rules as far as it has them: what it says to a bad request is compared. */
export interface Oracle {
  readonly issuer: string;
  request(request: AppRequest): Promise<HttpsAnswer>;
  /** The authorization code for a good query; its owner says yes to everything. */
  authorize(query: URLSearchParams): Promise<string>;
}

const configuration = (issuer: string) => {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const resources = [`${issuer}/mcp`, `${issuer.replace('127.0.0.1', 'localhost')}/mcp`];
  return {
    routes: {
      authorization: '/oauth/authorize',
      token: '/oauth/token',
      registration: '/oauth/register',
      revocation: '/oauth/revoke',
      jwks: '/oauth/jwks',
    },
    jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), alg: 'ES256', use: 'sig' }] },
    cookies: { keys: ['of this run'] },
    scopes: [],
    responseTypes: ['code'],
    clientAuthMethods: ['none'],
    clientDefaults: { token_endpoint_auth_method: 'none', id_token_signed_response_alg: 'ES256' },
    enabledJWA: { idTokenSigningAlgValues: ['ES256'] },
    pkce: { required: () => true },
    allowOmittingSingleRegisteredRedirectUri: false,
    issueRefreshToken: () => true,
    rotateRefreshToken: () => true,
    ttl: {
      AccessToken: 3_600,
      AuthorizationCode: 60,
      RefreshToken: 86_400,
      Grant: 86_400,
      Session: 600,
      Interaction: 600,
    },
    findAccount: (_: unknown, accountId: string) => ({ accountId, claims: () => ({ sub: accountId }) }),
    interactions: { url: (_: unknown, { uid }: { uid: string }) => `/interaction/${uid}` },
    renderError(context: { type: string; body: unknown }, answer: unknown) {
      context.type = 'json';
      context.body = answer;
    },
    features: {
      devInteractions: { enabled: false },
      pushedAuthorizationRequests: { enabled: false },
      userinfo: { enabled: false },
      rpInitiatedLogout: { enabled: false },
      registration: { enabled: true },
      revocation: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => `${issuer}/mcp`,
        useGrantedResource: () => true,
        getResourceServerInfo(_: unknown, resource: string) {
          if (!resources.includes(resource)) throw new errors.InvalidTarget();
          return {
            scope: 'mcp',
            audience: resource,
            accessTokenFormat: 'jwt',
            jwt: { sign: { alg: 'ES256' } },
          };
        },
      },
    },
  };
};

/** The consent page in one step. */
function sayYes(provider: Provider, issuer: string): RequestListener {
  return async (request, response) => {
    const { params } = await provider.interactionDetails(request, response);
    const grant = new provider.Grant({ accountId: ACCOUNT, clientId: params.client_id });
    grant.addResourceScope(`${issuer}/mcp`, 'mcp');
    const result = { login: { accountId: ACCOUNT }, consent: { grantId: await grant.save() } };
    await provider.interactionFinished(request, response, result);
  };
}

async function listen(): Promise<{ server: Server; issuer: string }> {
  const server = createServer();
  await once(server.listen(0, '127.0.0.1'), 'listening');
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return { server, issuer: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

/** Starts oidc-provider in this process; it ends with the test. */
export async function startOracle(): Promise<Oracle> {
  const { server, issuer } = await listen();
  const provider = new Provider(issuer, configuration(issuer));
  const [handle, consent] = [provider.callback(), sayYes(provider, issuer)];
  server.on('request', (request, response) =>
    (request.url?.startsWith('/interaction/') ? consent : handle)(request, response),
  );

  async function request({ path, headers = {}, ...rest }: AppRequest): Promise<HttpsAnswer> {
    const init = { ...rest, headers: headers as Record<string, string>, redirect: 'manual' } as RequestInit;
    const answer = await fetch(`${issuer}${path}`, init);
    const cookies = answer.headers.getSetCookie();
    const text = await answer.text();
    return {
      status: answer.status,
      headers: { ...Object.fromEntries(answer.headers), 'set-cookie': cookies },
      text,
    };
  }

  return {
    issuer,
    request,
    async authorize(query) {
      const jar = new Map<string, string>();
      let path = `/oauth/authorize?${query}`;
      for (let step = 0; step < STEPS; step++) {
        const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
        const { headers, text } = await request({ path, headers: { cookie } });
        for (const line of headers['set-cookie'] ?? []) {
          const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
          jar.set(name, value);
        }
        const next = new URL(headers.location ?? '', issuer);
        const code = next.searchParams.get('code');
        if (code) return code;
        if (next.origin !== issuer || headers.location === undefined) throw new Error(`${next} ${text}`);
        path = next.pathname + next.search;
      }
      throw new Error(`no code after ${STEPS} redirects, but ${path}`);
    },
  };
}
