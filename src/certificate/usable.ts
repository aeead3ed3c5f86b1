import { Failure } from '../errors.ts';
import type { Paths } from '../paths.ts';
import { type Authority, NOT_YET, parseAuthority } from './authority.ts';
import { type Identity, parseIdentity } from './identity.ts';
import type { Stored } from './stored.ts';

/** The refusal of an authority. It names the cure but never takes it: every client trusts the root in that file. */
export function authorityFailure(paths: Paths, problem: string): Failure {
  const { authority, certificates } = paths;
  // A root made by a wrong clock would be none once it is right.
  const hint = problem.startsWith(NOT_YET)
    ? 'correct the clock, then try again'
    : `mv "${certificates}" "${certificates}.old" and start again (clients must then trust a new root)`;
  return new Failure('CERTIFICATE_UNUSABLE', `${authority} ${problem}`, { hint });
}

export interface Usable {
  readonly stored: Stored;
  readonly authority: Authority;
  readonly identity: Identity;
}

/** Parses an authority and its identity. Throws `CERTIFICATE_UNUSABLE` for a bad one of either. */
export function parseUsable(paths: Paths, stored: Stored, now: Date): Usable {
  const authority = parseAuthority(stored.authority ?? '', now);
  if (typeof authority === 'string') throw authorityFailure(paths, authority);
  const identity = parseIdentity(stored.identity ?? '');
  if (!identity) {
    throw new Failure('CERTIFICATE_UNUSABLE', `${paths.identity} is damaged`, {
      hint: 'claude-secure cert renew',
    });
  }
  return { stored, authority, identity };
}
