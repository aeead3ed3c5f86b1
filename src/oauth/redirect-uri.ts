import { limits } from '../limits.ts';

/**
 * A loopback address, spelt in the one way that every URL parser reads alike. No user, fragment, wildcard,
 * backslash, white space or dot segment; the origin holds nothing that could add a token to a CSP header (R23, R30).
 */
const LOOPBACK_URI =
  /^(?<origin>(?<base>https?:\/\/(?:127\.0\.0\.1|\[::1\]|localhost))(?::(?<port>[1-9]\d{0,4}))?)(?<rest>(?:\/(?:[\w\-.~!$&'()+,;=:@/]|%[0-9A-Fa-f]{2})*)?(?:\?(?:[\w\-.~!$&'()+,;=:@/?]|%[0-9A-Fa-f]{2})*)?)$/;
const DOT_SEGMENT = /\/(?:\.|%2e){1,2}(?:[/?]|$)/i;

interface RedirectUri {
  readonly origin: string;
  /** Scheme and host. */
  readonly base: string;
  /** Path and query, exactly as given. */
  readonly rest: string;
}

function parse(uri: string): RedirectUri | undefined {
  if (uri.length > limits.redirectUriLength) return undefined;
  const groups = LOOPBACK_URI.exec(uri)?.groups;
  if (!groups || Number(groups.port ?? 1) > 65_535) return undefined;
  const { origin = '', base = '', rest = '' } = groups;
  return DOT_SEGMENT.test(rest) ? undefined : { origin, base, rest };
}

/** Whether a client may register this redirect URI: loopback only, as an answer anywhere else leaves the machine. */
export const isAllowedRedirectUri = (uri: string): boolean => parse(uri) !== undefined;

/** Scheme, host and port of an allowed redirect URI. */
export const originOf = (uri: string): string => parse(uri)?.origin ?? '';

/** Whether the URI is the registered one, byte for byte but for the port (RFC 8252 7.3, RFC 9700 4.1.3). */
export function matchesRedirectUri(registered: string, uri: string): boolean {
  const left = parse(registered);
  const right = parse(uri);
  return left !== undefined && left.base === right?.base && left.rest === right.rest;
}

/** The redirect URI with the parameters appended to the query it may already have (RFC 6749 3.1.2). */
export function appendQuery(uri: string, parameters: Readonly<Record<string, string | undefined>>): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== undefined) query.append(name, value);
  }
  return `${uri}${uri.includes('?') ? '&' : '?'}${query}`;
}
