import { OAuthError } from './errors.ts';

export interface Resources {
  /** What a token is for when the client names nothing. */
  readonly canonical: string;
  readonly all: readonly string[];
  /** The resource under the host that the request named, or the canonical one. */
  forHost(host: string | undefined): string;
  /**
   * The one resource meant by the `resource` values of a request, `fallback` without any. Throws `invalid_target`
   * for a foreign one, for two different ones, and for one that `fallback` does not cover (RFC 8707 2).
   */
  choose(values: readonly string[], fallback?: string): string;
}

const invalidTarget = (): OAuthError =>
  new OAuthError(400, 'invalid_target', 'the resource is not one of this server');

/** Scheme and host in lower case, no trailing slash; nothing else is normalised (R38). */
function normalise(uri: string): string {
  const match = /^(https:\/\/[^/?#]+)(\/.*)?$/is.exec(uri);
  if (!match) throw invalidTarget();
  return `${match[1]?.toLowerCase()}${(match[2] ?? '').replace(/\/$/, '')}`;
}

/** The resource identifiers of this server: one for each allowed host, whatever path under /mcp is called (RFC 9728). */
export function createResources(issuer: string, hosts: readonly string[]): Resources {
  const canonical = `${issuer}/mcp`;
  const byHost = new Map(hosts.map((host) => [host.toLowerCase(), `https://${host.toLowerCase()}/mcp`]));
  const all = [...new Set([canonical, ...byHost.values()])];
  return {
    canonical,
    all,
    forHost: (host) => byHost.get(host?.toLowerCase() ?? '') ?? canonical,
    choose(values, fallback) {
      const [first, ...others] = new Set(values.map(normalise));
      if (first === undefined) return fallback ?? canonical;
      if (others.length > 0 || !all.includes(first)) throw invalidTarget();
      if (fallback !== undefined && first !== fallback) throw invalidTarget();
      return first;
    },
  };
}
