import { type AuthorizeParameters, authorizeQuery, newVerifier, register } from '../oauth/flow.ts';
import type { Tab } from '../support/chromium.ts';
import type { ListeningClient } from '../support/listening-client.ts';
import { waitFor } from '../support/wait-for.ts';
import type { Target } from './target.ts';

export const verifier = newVerifier();

/** The address that a client, newly registered, sends its person to. */
export async function askingFor(
  target: Target,
  { redirectUri }: Pick<ListeningClient, 'redirectUri'>,
  { name = 'Editor', ...overrides }: AuthorizeParameters = {},
): Promise<string> {
  const clientId = await register(target, { client_name: name, redirect_uris: [redirectUri] });
  const query = authorizeQuery(clientId, verifier, { redirect_uri: redirectUri, ...overrides });
  return `${target.issuer}/oauth/authorize?${query}`;
}

/**
 * Opens the page, and lets it ask for its answer; gives the code on it, as the owner's list has it, for nothing more of
 * the page can be read while the browser waits.
 */
export async function openWaiting(target: Target, tab: Tab, address: string): Promise<string> {
  await tab.page.goto(address);
  await waitFor('the page to ask', () => tab.requests.length === 2);
  const clientId = new URL(address).searchParams.get('client_id');
  const { pending } = await target.control('pending', {});
  return pending.find((consent) => consent.clientId === clientId)?.code ?? '';
}
