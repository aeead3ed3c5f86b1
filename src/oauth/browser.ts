import type { Exchange } from '../exchange.ts';
import { OAuthError } from './errors.ts';
import { isLoopback } from './peer.ts';

/** Lets a page be opened by a browser on this machine, as a page of its own: no frame, no image, no fetch (T4, R27). */
export function requireOwnPage({ peer, headers }: Exchange): void {
  if (!isLoopback(peer)) {
    throw new OAuthError(403, 'access_denied', 'This page is for programs on the same machine');
  }
  const destination = headers['sec-fetch-dest'];
  if (destination !== undefined && destination !== 'document') {
    throw new OAuthError(403, 'access_denied', 'This page cannot be part of another one');
  }
}

/** Lets a form be sent by our own page only; programs that are no browser send neither header (R27). */
export function requireOwnForm(exchange: Exchange): void {
  requireOwnPage(exchange);
  const { origin, host, 'sec-fetch-site': site } = exchange.headers;
  const isForeign =
    (origin !== undefined && origin.toLowerCase() !== `https://${host?.toLowerCase()}`) ||
    (site !== undefined && site !== 'same-origin');
  if (isForeign) throw new OAuthError(403, 'access_denied', 'Another page sent this form');
}
