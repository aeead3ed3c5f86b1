import type { Exchange, Handler } from '../exchange.ts';
import { limits } from '../limits.ts';
import type { Log } from '../log.ts';
import type { AuthorizationRequest } from './authorization-request.ts';
import { respondToClient } from './authorization-response.ts';
import { requireOwnForm, requireOwnPage } from './browser.ts';
import type { AuthorizationCodes } from './codes.ts';
import { respondConsentPage } from './consent-page.ts';
import type { Consents } from './consents.ts';
import { OAuthError } from './errors.ts';
import { parseParameters, readForm } from './form.ts';

export interface ConsentOptions {
  readonly issuer: string;
  readonly consents: Consents;
  readonly codes: AuthorizationCodes;
  readonly log: Log;
}

const notOpen = (): OAuthError =>
  new OAuthError(
    400,
    'invalid_request',
    'This request is no longer open: it was answered, withdrawn or took too long',
  );

/**
 * Holds the page's request until there is an answer to it. A browser keeps showing the page it has for as long, so that
 * whoever reads or hears it is not thrown back to its beginning every few seconds (WCAG 2.2.1, 3.2.5).
 */
function holdUntilSettled(exchange: Exchange, consents: Consents, transaction: string): Promise<void> {
  return new Promise((resolve) => {
    const release = (): void => {
      clearTimeout(timer);
      stopWaiting();
      resolve();
    };
    const timer = setTimeout(release, limits.consentHoldMs);
    const stopWaiting = consents.onSettled(transaction, release);
    exchange.onClose(release);
  });
}

/** The waiting page's own path: it can ask and withdraw, and never approve (R26). */
export function createConsent(options: ConsentOptions): { readonly GET: Handler; readonly POST: Handler } {
  const { issuer, consents, codes, log } = options;

  function deny(exchange: Exchange, request: AuthorizationRequest): void {
    const answer = { error: 'access_denied', error_description: 'the owner said no' } as const;
    respondToClient(exchange, request, { ...answer, iss: issuer });
  }

  return {
    async GET(exchange) {
      requireOwnPage(exchange);
      const transaction = parseParameters(exchange.query).get('transaction') ?? '';
      await holdUntilSettled(exchange, consents, transaction);
      // Whoever asked is gone: the answer is kept for whoever asks next.
      if (exchange.closed) return;
      const visit = consents.visit(transaction);
      if (visit.state === 'unknown') throw notOpen();
      if (visit.state === 'waiting') return respondConsentPage(exchange, visit, transaction);
      if (visit.state === 'denied') return deny(exchange, visit.request);
      log.info('code.issued', { client: visit.request.client.id });
      respondToClient(exchange, visit.request, { code: codes.issue(visit.request), iss: issuer });
    },
    async POST(exchange) {
      const form = await readForm(exchange);
      requireOwnForm(exchange);
      const request = consents.cancel(form.get('transaction') ?? '');
      if (!request) throw notOpen();
      log.info('consent.withdrawn', { client: request.client.id });
      deny(exchange, request);
    },
  };
}
