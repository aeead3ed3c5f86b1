import type { Response } from 'playwright-core';
import {
  type AuthorizeParameters,
  authorizeQuery,
  newVerifier,
  readPage,
  register,
  type WaitingPage,
} from '../oauth/flow.ts';
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

/** Opens the page, and lets it ask for its answer. */
export async function openWaiting(tab: Tab, address: string): Promise<WaitingPage> {
  const answer = (await tab.page.goto(address)) as Response;
  const page = readPage(await answer.text());
  await waitFor('the page to ask', () => tab.requests.length === 2);
  return page;
}
