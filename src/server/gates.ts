import type { Exchange } from '../exchange.ts';
import type { LogRefusal } from '../refusal-log.ts';
import { CLOSE, refuse } from './refusal.ts';

export interface GateOptions {
  /** Every `host:port` a request may name, in lower case. */
  hosts: readonly string[];
  logRefusal: LogRefusal;
}

const BODILESS = new Set(['GET', 'HEAD', 'DELETE']);
const LENGTH = /^\d{1,15}$/;
const TARGET = /^[\x21-\x7e]*$/;
const LOOPBACK_ORIGIN = /^https?:\/\/(?:localhost|127\.0\.0\.1|\[::1\])(?::\d{1,5})?$/;
/** R15: headers of which two readers could take different values for the truth. */
const SINGLE = [
  'authorization',
  'content-type',
  'mcp-session-id',
  'mcp-protocol-version',
  'mcp-method',
  'mcp-name',
];

/**
 * R15: false if it is not certain where this request ends. uWebSockets.js takes the first of two differing
 * lengths, and every Transfer-Encoding for chunked (measured), so bytes meant as a body could run as a request.
 */
function isFramingSound({ method, headers, repeated }: Exchange): boolean {
  const length = headers['content-length'];
  const encoding = headers['transfer-encoding'];
  if (length === undefined && encoding === undefined) return true;
  if (repeated.includes('content-length') || repeated.includes('transfer-encoding')) return false;
  if (encoding !== undefined) return encoding === 'chunked' && length === undefined && !BODILESS.has(method);
  return LENGTH.test(length as string) && (Number(length) === 0 || !BODILESS.has(method));
}

function isUnder(path: string, root: string): boolean {
  return path === root || path.startsWith(`${root}/`);
}

/**
 * What every request passes before routing (R12, R13, R15): true lets it go on, false means that it was answered
 * or dropped. Nothing here allows a page anything: no CORS header is ever sent.
 */
export function createGate({ hosts, logRefusal }: GateOptions): (exchange: Exchange) => boolean {
  const allowedHosts = new Set(hosts);
  const allowedOrigins = new Set(hosts.map((host) => `https://${host}`));

  function isOriginAllowed({ path, headers: { origin }, repeated }: Exchange): boolean {
    if (origin === undefined) return true;
    if (repeated.includes('origin') || isUnder(path, '/control')) return false;
    // A page on a loopback name still cannot send our bearer, which is what guards /mcp.
    return allowedOrigins.has(origin) || (isUnder(path, '/mcp') && LOOPBACK_ORIGIN.test(origin));
  }

  /** What a page of another site, or a name that was rebound to us, runs into. */
  function forbid(exchange: Exchange): void {
    const { peer, path, headers } = exchange;
    logRefusal('gate.refused', { peer, path, host: headers.host, origin: headers.origin });
    refuse(exchange, 403);
  }

  return (exchange) => {
    const { headers, repeated, path, query } = exchange;
    if (!isFramingSound(exchange)) {
      // Only this stops bytes that are already buffered behind the request; an answer would not (measured).
      exchange.drop();
    } else if (headers.host === undefined || repeated.includes('host')) {
      refuse(exchange, 400, CLOSE);
    } else if (!allowedHosts.has(headers.host.toLowerCase()) || !isOriginAllowed(exchange)) {
      forbid(exchange);
    } else if (!TARGET.test(path) || !TARGET.test(query)) {
      refuse(exchange, 400);
    } else if (repeated.length > 0 && SINGLE.some((name) => repeated.includes(name))) {
      refuse(exchange, 400);
    } else {
      return true;
    }
    return false;
  };
}
