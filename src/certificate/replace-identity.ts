import { createFileAtomic, writeFileAtomic } from '../files.ts';
import type { Paths } from '../paths.ts';
import { isPermitted } from './addresses.ts';
import type { Authority } from './authority.ts';
import type { RenewalReason, Wish } from './decide.ts';
import { issueIdentity } from './issue.ts';
import { verifyIdentity } from './verify-identity.ts';

/**
 * Issues a server certificate under the authority, proves it, then flips key and chain by one rename. A name
 * outside the authority's limit is left out: one such name would spoil the certificate for every other (measured).
 */
export async function replaceIdentity(
  paths: Paths,
  authority: Authority,
  wish: Wish & { readonly reason: RenewalReason },
): Promise<void> {
  const names = wish.names.filter((name) => isPermitted(name, authority.permittedNames));
  const text = issueIdentity(authority, names, wish.now);
  await verifyIdentity(text, authority, names);
  // Of several first runs one identity stands and all take it, so nobody serves a chain that is not on disk.
  if (wish.reason === 'missing') createFileAtomic(paths.identity, text);
  else writeFileAtomic(paths.identity, text);
}
