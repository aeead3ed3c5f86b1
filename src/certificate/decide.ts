import { limits } from '../limits.ts';
import { isPermitted } from './addresses.ts';
import { type Authority, parseAuthority } from './authority.ts';
import { covers, type Identity, parseIdentity } from './identity.ts';
import type { Stored } from './stored.ts';

export type RenewalReason =
  | 'missing'
  | 'damaged'
  | 'wrong key'
  | 'foreign'
  | 'not yet valid'
  | 'expired'
  | 'near expiry'
  | 'missing name'
  | 'requested';

export type Decision =
  | { readonly action: 'create' }
  | { readonly action: 'reuse'; readonly authority: Authority; readonly identity: Identity }
  | { readonly action: 'renew'; readonly authority: Authority; readonly reason: RenewalReason }
  /** `problem` ends a sentence that begins with the path of the authority. */
  | { readonly action: 'refuse'; readonly problem: string };

export interface Wish {
  /** The names and addresses the server certificate should carry. */
  readonly names: readonly string[];
  readonly now: Date;
}

function isNearExpiry(identity: Identity, authority: Authority, now: number): boolean {
  const from = Date.parse(identity.leaf.validFrom);
  const to = Date.parse(identity.leaf.validTo);
  // A leaf that ends with its authority cannot be renewed into a longer life.
  const couldLiveLonger = to < Date.parse(authority.issuing.validTo);
  return couldLiveLonger && to - now < (to - from) * limits.renewalShare;
}

function renewalReason(
  identity: Identity,
  authority: Authority,
  { names, now }: Wish,
): RenewalReason | undefined {
  const { leaf, key, issuersPem } = identity;
  if (!leaf.checkPrivateKey(key)) return 'wrong key';
  if (issuersPem !== authority.chainPem || !leaf.verify(authority.issuing.publicKey)) return 'foreign';
  if (now < new Date(leaf.validFrom)) return 'not yet valid';
  if (now >= new Date(leaf.validTo)) return 'expired';
  if (isNearExpiry(identity, authority, now.getTime())) return 'near expiry';
  // Names that are no longer wanted stay until the next renewal: a lost network is no reason to reload.
  const isMissing = names.some((name) => isPermitted(name, authority.permittedNames) && !covers(leaf, name));
  return isMissing ? 'missing name' : undefined;
}

/**
 * What to do about the files that were found. A bad server certificate is replaced under the same authority; a
 * bad or lost authority is never replaced without the person's doing, for every client trusts its root.
 */
export function decide(stored: Stored, wish: Wish): Decision {
  if (stored.authority === undefined) {
    const isEmpty = [stored.identity, stored.serverCertificate, stored.caBundle].every(
      (text) => text === undefined,
    );
    if (isEmpty) return { action: 'create' };
    return { action: 'refuse', problem: 'is missing, though certificates of it are there' };
  }
  const authority = parseAuthority(stored.authority, wish.now);
  if (typeof authority === 'string') return { action: 'refuse', problem: authority };
  if (stored.identity === undefined) return { action: 'renew', authority, reason: 'missing' };
  const identity = parseIdentity(stored.identity);
  if (!identity) return { action: 'renew', authority, reason: 'damaged' };
  const reason = renewalReason(identity, authority, wish);
  return reason ? { action: 'renew', authority, reason } : { action: 'reuse', authority, identity };
}
