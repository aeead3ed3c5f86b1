import { parseObject } from '../json-object.ts';
import { limits } from '../limits.ts';
import { displayName } from './client-name.ts';
import { OAuthError } from './errors.ts';
import { isAllowedRedirectUri } from './redirect-uri.ts';

export const GRANT_TYPES = ['authorization_code', 'refresh_token'] as const;

export interface Registration {
  readonly name: string;
  readonly redirectUris: readonly string[];
  readonly applicationType: 'native' | 'web';
}

const invalidMetadata = (description: string): OAuthError =>
  new OAuthError(400, 'invalid_client_metadata', description);

function parseRedirectUris(value: unknown): readonly string[] {
  const isList =
    Array.isArray(value) &&
    value.length > 0 &&
    value.length <= limits.redirectUris &&
    value.every((uri) => typeof uri === 'string' && isAllowedRedirectUri(uri));
  if (isList) return value;
  throw new OAuthError(
    400,
    'invalid_redirect_uri',
    `redirect_uris must hold 1 to ${limits.redirectUris} loopback URIs (http or https on 127.0.0.1, [::1] or localhost)`,
  );
}

/** Throws unless the member is absent or a list of known words that has the needed one. */
function checkWords(value: unknown, known: readonly string[], needed: string, name: string): void {
  if (value === undefined) return;
  const isKnown =
    Array.isArray(value) && value.includes(needed) && value.every((word) => known.includes(word));
  if (!isKnown) throw invalidMetadata(`${name} must hold ${needed} and may hold ${known.join(', ')}`);
}

/**
 * Reads RFC 7591 2 metadata. Members that we do not use are ignored and never fetched; ids, secrets and dates
 * that the caller sets are ours to choose. Throws `invalid_redirect_uri` and `invalid_client_metadata`.
 */
export function parseRegistration(text: string): Registration {
  const metadata = parseObject(text);
  if (!metadata) throw invalidMetadata('the body is not a JSON object');
  const redirectUris = parseRedirectUris(metadata.redirect_uris);
  checkWords(metadata.grant_types, GRANT_TYPES, 'authorization_code', 'grant_types');
  checkWords(metadata.response_types, ['code'], 'code', 'response_types');
  if (!['none', undefined].includes(metadata.token_endpoint_auth_method as string | undefined)) {
    throw invalidMetadata('token_endpoint_auth_method must be none: every client is public');
  }
  const name = metadata.client_name;
  if (name !== undefined && typeof name !== 'string') throw invalidMetadata('client_name must be a string');
  const applicationType = metadata.application_type ?? 'native';
  if (applicationType !== 'native' && applicationType !== 'web') {
    throw invalidMetadata('application_type must be native or web');
  }
  return { name: displayName(name), redirectUris, applicationType };
}
