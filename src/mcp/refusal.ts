import { type Exchange, type Handler, type ResponseHeaders, respondJson } from '../exchange.ts';
import type { Log } from '../log.ts';
import { ERROR, type JsonRpcError, jsonRpcError, type RequestId } from './json-rpc.ts';
import { PROTOCOL_VERSIONS } from './protocol-version.ts';

/** An HTTP answer that is not the one asked for. */
export interface Refusal {
  readonly status: number;
  readonly error: JsonRpcError;
  readonly headers?: ResponseHeaders;
}

/** Makes a handler of a function that gives a refusal, or nothing where it has answered or will. */
export function refusing(log: Log, handle: (exchange: Exchange) => Promise<Refusal | undefined>): Handler {
  return async (exchange) => {
    const refusal = await handle(exchange);
    if (!refusal) return;
    const { status, error, headers } = refusal;
    // R56: a limit that was met is worth a line; a client's plain mistakes are not.
    if (status === 429 || status === 503) log.info('mcp.limited', { status, reason: error.error.message });
    respondJson(exchange, status, error, headers);
  };
}

export const isRefusal = (value: object): value is Refusal => 'status' in value;

export function invalidRequest(message: string, id?: RequestId): Refusal {
  return { status: 400, error: jsonRpcError(ERROR.invalidRequest, message, id) };
}

export function badRequest(message: string, id?: RequestId): Refusal {
  return { status: 400, error: jsonRpcError(ERROR.refused, `Bad Request: ${message}`, id) };
}

/** The headers do not say what the body says (2026-07-28 transports, L252-293). */
export function headerMismatch(message: string, id?: RequestId): Refusal {
  return { status: 400, error: jsonRpcError(ERROR.headerMismatch, `Bad Request: ${message}`, id) };
}

export function notAcceptable(mediaTypes: string): Refusal {
  return { status: 406, error: jsonRpcError(ERROR.refused, `Not Acceptable: accept ${mediaTypes}`) };
}

export function unsupportedMediaType(): Refusal {
  return { status: 415, error: jsonRpcError(ERROR.refused, 'Unsupported Media Type: send application/json') };
}

/** A HEAD comes in by the route of its GET, but an event stream is nothing without its body. */
export function methodNotAllowed(allow: string): Refusal {
  return { status: 405, error: jsonRpcError(ERROR.refused, 'Method Not Allowed'), headers: { allow } };
}

/** The same for a session that is gone, never was, or is another grant's (R48). */
export function sessionNotFound(id?: RequestId): Refusal {
  return { status: 404, error: jsonRpcError(ERROR.sessionNotFound, 'Session not found', id) };
}

/**
 * What makes a 2026-07-28 client fall back to sessions: a 4xx whose body is not one of that revision's own errors
 * (2026-07-28 transports, L652-664). Measured: Claude Code 2.1.330 sends `initialize` 10 ms after it.
 */
export function unsupportedVersion(id?: RequestId): Refusal {
  const versions = PROTOCOL_VERSIONS.join(', ');
  return badRequest(`Unsupported protocol version (supported versions: ${versions})`, id);
}

/** No further request of this session, for a moment (R52). */
export function busy(id?: RequestId): Refusal {
  const error = jsonRpcError(ERROR.refused, 'too many requests are in flight', id);
  return { status: 429, error, headers: { 'retry-after': '1' } };
}

/** No further session: the grant has all of its own in use (429), or there are too many in all (503) (R52). */
export function noRoom(status: 429 | 503, id?: RequestId): Refusal {
  const error = jsonRpcError(ERROR.refused, 'too many sessions are open', id);
  return { status, error, headers: { 'retry-after': '60' } };
}

/** The requests that wait for their answers hold as much as they may (R52). */
export function tooMuchAtOnce(): Refusal {
  const error = jsonRpcError(ERROR.refused, 'too much is being asked at once');
  return { status: 503, error, headers: { 'retry-after': '1' } };
}
