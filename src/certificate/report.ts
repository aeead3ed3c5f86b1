import type { CertificateReport } from '../control.ts';
import type { Authority } from './authority.ts';
import { type Identity, namesOf } from './identity.ts';

const DAY_MS = 86_400_000;

/** What a person or a program may know of the certificates; `daysLeft` counts whole days. */
export function createReport({ leaf }: Identity, { root }: Authority, now: Date): CertificateReport {
  const notAfter = new Date(leaf.validTo);
  return {
    rootSha256: root.fingerprint256,
    serverSha256: leaf.fingerprint256,
    names: namesOf(leaf),
    notAfter: notAfter.toISOString(),
    rootNotAfter: new Date(root.validTo).toISOString(),
    daysLeft: Math.floor((notAfter.getTime() - now.getTime()) / DAY_MS),
  };
}
