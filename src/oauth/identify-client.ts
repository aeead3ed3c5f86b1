import type { Exchange } from '../exchange.ts';
import type { Client, Clients } from './clients.ts';
import { OAuthError } from './errors.ts';
import type { Parameters } from './form.ts';

/** The public client that the form names. Throws `invalid_client` for an unknown one and for any credential. */
export function identifyClient(exchange: Exchange, form: Parameters, clients: Clients): Client {
  if (exchange.headers.authorization !== undefined) {
    // RFC 6749 5.2: who tried to authenticate by a scheme is answered with that scheme.
    const headers = { 'www-authenticate': 'Basic realm="claude-secure"' };
    throw new OAuthError(401, 'invalid_client', 'clients are public and send client_id only', headers);
  }
  const id = form.get('client_id');
  const client = id === undefined || form.get('client_secret') ? undefined : clients.find(id);
  if (!client) throw new OAuthError(401, 'invalid_client', 'the client is not registered');
  return client;
}
