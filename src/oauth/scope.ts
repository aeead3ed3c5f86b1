import { OAuthError } from './errors.ts';

/** The one scope: calling the tools. Tokens, metadata and the consent page all name it. */
export const SCOPE = 'mcp';

/** The scopes asked for, or all of `granted` when none are named. Throws `invalid_scope` for one beyond (RFC 6749 6). */
export function parseScopes(text: string | undefined, granted: readonly string[]): readonly string[] {
  if (text === undefined) return granted;
  const scopes = [...new Set(text.split(' '))].filter((scope) => scope !== '');
  if (scopes.length === 0 || !scopes.every((scope) => granted.includes(scope))) {
    throw new OAuthError(400, 'invalid_scope', `the only scope is ${SCOPE}`);
  }
  return scopes;
}
