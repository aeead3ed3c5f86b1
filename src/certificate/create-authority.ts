import { createFileAtomic } from '../files.ts';
import type { Paths } from '../paths.ts';
import { issueAuthority } from './issue.ts';
import { permittedSubtrees } from './permitted-subtrees.ts';

/** Makes an authority; false when another process was faster, and then its authority stands. */
export function createAuthority(paths: Paths, hostnames: readonly string[], now: Date): boolean {
  return createFileAtomic(paths.authority, issueAuthority(permittedSubtrees(hostnames), now));
}
