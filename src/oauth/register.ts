import { type Exchange, type Handler, respondJson } from '../exchange.ts';
import { limits } from '../limits.ts';
import type { Log } from '../log.ts';
import { createRateLimiter } from '../rate.ts';
import type { Clients } from './clients.ts';
import { OAuthError, tooManyRequests } from './errors.ts';
import { mediaType } from './form.ts';
import { isLoopback } from './peer.ts';
import { GRANT_TYPES, parseRegistration } from './registration.ts';
import { SCOPE } from './scope.ts';

const MS_PER_SECOND = 1_000;

/** `POST /oauth/register`: dynamic client registration (RFC 7591 3), for programs on this machine only. */
export function createRegister(clients: Clients, log: Log): Handler {
  const registrations = createRateLimiter(limits.registrationsPerMinute);

  function admit({ peer }: Exchange): void {
    if (!isLoopback(peer))
      throw new OAuthError(403, 'access_denied', 'clients register on this machine only');
    const wait = registrations.take(peer);
    if (wait !== undefined) throw tooManyRequests(wait);
  }

  return async (exchange) => {
    const body = await exchange.body(limits.registrationBodyBytes);
    admit(exchange);
    // A page cannot send this type across origins without a preflight, which nobody answers.
    if (mediaType(exchange) !== 'application/json') {
      throw new OAuthError(415, 'invalid_client_metadata', 'the body must be application/json');
    }
    const { applicationType, ...metadata } = parseRegistration(body.toString('utf8'));
    const client = await clients.add(metadata);
    log.info('client.registered', { client: client.id, peer: exchange.peer });
    respondJson(exchange, 201, {
      client_id: client.id,
      client_id_issued_at: Math.floor(client.registeredAtMs / MS_PER_SECOND),
      client_name: client.name,
      redirect_uris: client.redirectUris,
      application_type: applicationType,
      grant_types: GRANT_TYPES,
      response_types: ['code'],
      token_endpoint_auth_method: 'none',
      scope: SCOPE,
    });
  };
}
