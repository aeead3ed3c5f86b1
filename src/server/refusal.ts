import { type Exchange, type ResponseHeaders, respondJson } from '../exchange.ts';

const ERRORS = {
  400: 'invalid_request',
  403: 'forbidden',
  404: 'not_found',
  405: 'method_not_allowed',
  408: 'request_timeout',
  413: 'payload_too_large',
  431: 'headers_too_large',
  500: 'server_error',
  503: 'temporarily_unavailable',
  505: 'http_version_not_supported',
} as const;

export type RefusalStatus = keyof typeof ERRORS;

/** Tells the client, and the engine, that the connection ends with this answer. */
export const CLOSE: ResponseHeaders = { connection: 'close' };

/** Answers with a fixed body: nothing of the request and nothing of us stands in it. */
export function refuse(exchange: Exchange, status: RefusalStatus, headers?: ResponseHeaders): void {
  respondJson(exchange, status, { error: ERRORS[status] }, headers);
}
