import { Failure } from '../errors.ts';
import {
  BodyTooLarge,
  ClientGone,
  type Exchange,
  type Handler,
  type ResponseHeaders,
  respondJson,
} from '../exchange.ts';
import type { Log } from '../log.ts';
import type { LogRefusal } from '../refusal-log.ts';
import { escapeHtml, respondPage } from './html.ts';

export type OAuthErrorCode =
  | 'access_denied'
  | 'consent_required'
  | 'invalid_client'
  | 'invalid_client_metadata'
  | 'invalid_grant'
  | 'invalid_redirect_uri'
  | 'invalid_request'
  | 'invalid_scope'
  | 'invalid_target'
  | 'request_not_supported'
  | 'request_uri_not_supported'
  | 'server_error'
  | 'temporarily_unavailable'
  | 'unsupported_grant_type'
  | 'unsupported_response_type';

/** A refusal with its RFC 6749, 7591, 8707 or OpenID Connect code. The description is shown to the client: no secrets. */
export class OAuthError extends Error {
  readonly status: number;
  readonly error: OAuthErrorCode;
  readonly headers: ResponseHeaders;

  constructor(status: number, error: OAuthErrorCode, description: string, headers: ResponseHeaders = {}) {
    super(description);
    this.name = 'OAuthError';
    this.status = status;
    this.error = error;
    this.headers = headers;
  }
}

/** The refusal of a peer that asks too often (R19). */
export const tooManyRequests = (seconds: number): OAuthError =>
  new OAuthError(429, 'temporarily_unavailable', 'too many requests', { 'retry-after': String(seconds) });

/** What could not be stored is not issued: the client may try again (L7). Anything else is a bug of ours. */
function asOAuthError(error: unknown): OAuthError {
  if (error instanceof OAuthError) return error;
  return error instanceof Failure
    ? new OAuthError(503, 'temporarily_unavailable', 'try again later', { 'retry-after': '1' })
    : new OAuthError(500, 'server_error', 'an internal error');
}

type Render = (exchange: Exchange, error: OAuthError) => void;

const asJson: Render = (exchange, { status, error, message, headers }) =>
  respondJson(exchange, status, { error, error_description: message }, headers);

const asPage: Render = (exchange, { status, message, headers }) =>
  respondPage(exchange, {
    status,
    headers,
    title: 'This request cannot go on',
    body: `<p>${escapeHtml(message)}.</p>\n<p>This page has granted nothing. Close it and start again from the program that sent you here.</p>`,
  });

export interface Endpoints {
  /** For programs: whatever the handler throws is answered as RFC 6749 5.2 JSON, here and nowhere else. */
  json(handle: Handler): Handler;
  /** For a person's browser: whatever the handler throws becomes a page without a `Location` (R29). */
  page(handle: Handler): Handler;
}

/** Makes endpoints of handlers that throw. */
export function createEndpoints(log: Log, logRefusal: LogRefusal): Endpoints {
  const endpoint =
    (render: Render) =>
    (handle: Handler): Handler =>
    async (exchange) => {
      try {
        await handle(exchange);
      } catch (error) {
        // The engine has answered 413, or nobody is left to answer.
        if (error instanceof BodyTooLarge || error instanceof ClientGone) return;
        const refusal = asOAuthError(error);
        if (refusal !== error) log.error('oauth.failed', { path: exchange.path, reason: String(error) });
        const { status, error: code } = refusal;
        logRefusal('oauth.refused', { path: exchange.path, peer: exchange.peer, status, error: code });
        if (!exchange.closed) render(exchange, refusal);
      }
    };
  return { json: endpoint(asJson), page: endpoint(asPage) };
}
