import { isAddress, ownName } from './addresses.ts';
import { isTopLevelDomain } from './top-level-domains.ts';

/** Reserved for local use (RFC 6761, 6762, 8375; ICANN for `internal`) or, `lan`, never delegated: no public site. */
const LOCAL_SUBTREES = ['localhost', 'local', 'lan', 'home.arpa', 'internal', 'test'];

/**
 * The DNS subtrees that a new authority may vouch for: local ones, the host's own name and what the person
 * configured. A host whose name is a top-level domain (`dev`, `app`) has to do with `dev.local`: the authority,
 * once stolen, would speak for every site under it.
 */
export function permittedSubtrees(
  configured: readonly string[],
  own: string | undefined = ownName(),
): string[] {
  const ours = own === undefined || isTopLevelDomain(own) ? [] : [own];
  const names = configured.filter((name) => !isAddress(name));
  return [...new Set([...LOCAL_SUBTREES, ...ours, ...names])];
}
