import type { Handler } from '../exchange.ts';
import { limits } from '../limits.ts';
import type { Log } from '../log.ts';
import { createRateLimiter } from '../rate.ts';
import {
  type AuthorizationRequest,
  readAnswerTarget,
  readAuthorizationRequest,
} from './authorization-request.ts';
import { respondToClient } from './authorization-response.ts';
import { requireOwnPage } from './browser.ts';
import type { Clients } from './clients.ts';
import { respondConsentPage } from './consent-page.ts';
import type { Consents } from './consents.ts';
import { OAuthError, tooManyRequests } from './errors.ts';
import { parseParameters } from './form.ts';
import type { Resources } from './resource.ts';

export interface AuthorizeOptions {
  readonly issuer: string;
  readonly clients: Clients;
  readonly consents: Consents;
  readonly resources: Resources;
  readonly log: Log;
}

/** `GET /oauth/authorize` (RFC 6749 4.1.1): checks the request, opens a consent, shows the waiting page. */
export function createAuthorize({ issuer, clients, consents, resources, log }: AuthorizeOptions): Handler {
  const authorizations = createRateLimiter(limits.authorizationsPerMinute);

  return (exchange) => {
    requireOwnPage(exchange);
    const wait = authorizations.take(exchange.peer);
    if (wait !== undefined) throw tooManyRequests(wait);
    const parameters = parseParameters(exchange.query);
    const target = readAnswerTarget(parameters, clients);
    let request: AuthorizationRequest;
    try {
      request = readAuthorizationRequest(target, parameters, resources);
    } catch (error) {
      if (!(error instanceof OAuthError)) throw error;
      log.info('consent.refused', { client: target.client.id, error: error.error });
      const answer = { error: error.error, error_description: error.message, iss: issuer };
      return respondToClient(exchange, target, answer);
    }
    const { transaction, ...consent } = consents.open(request);
    log.info('consent.opened', { client: target.client.id, peer: exchange.peer });
    respondConsentPage(exchange, consent, transaction);
  };
}
