import { trustedFetch } from '../mcp/trusted-fetch.ts';
import type { Home } from '../support/home.ts';
import { ask, refresh, type SignedIn, signIn } from '../support/oauth-client.ts';

/** A registered client whose access token is never good for long. */
export interface SignedInClient {
  /** Sends the token of the moment; asks once more where that one ended on the way. */
  readonly fetch: typeof fetch;
  /** Gets new tokens and ends the access token before, as if it had expired. */
  renew(): Promise<void>;
  /** Answers with 401 for a token that was good, and with 5xx. */
  readonly wrong: readonly string[];
}

async function endToken(home: Home, { clientId, accessToken }: SignedIn): Promise<void> {
  const { status, text } = await ask(home, {
    path: '/oauth/revoke',
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: String(new URLSearchParams({ client_id: clientId, token: accessToken })),
  });
  if (status !== 200) throw new Error(`revoke: ${status} ${text}`);
}

export async function createSignedInClient(home: Home): Promise<SignedInClient> {
  const wrong: string[] = [];
  let tokens = await signIn(home);

  async function send(...[input, init]: Parameters<typeof fetch>): Promise<Response> {
    const { accessToken } = tokens;
    const headers = new Headers(init?.headers);
    headers.set('authorization', `Bearer ${accessToken}`);
    const response = await trustedFetch(input, { ...init, headers: Object.fromEntries(headers) });
    if (response.status === 401 && accessToken !== tokens.accessToken) return send(input, init);
    if (response.status === 401 || response.status >= 500) wrong.push(`${init?.method} ${response.status}`);
    return response;
  }

  return {
    fetch: send,
    wrong,
    async renew() {
      const before = tokens;
      const { status, text } = await refresh(home, before);
      if (status !== 200) throw new Error(`refresh: ${status} ${text}`);
      const { access_token: accessToken, refresh_token: refreshToken } = JSON.parse(text);
      tokens = { ...before, accessToken, refreshToken };
      await endToken(home, before);
    },
  };
}
