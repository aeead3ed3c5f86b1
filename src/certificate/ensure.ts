/**
 * From whatever stands on disk to certificates that clients accept. Two private files hold everything, each
 * replaced by one rename, so that no crash ever leaves a key beside another key's certificate:
 *
 * 1. read all four files and decide (decide.ts): create, reuse, renew or refuse
 * 2. create: the authority appears whole or not at all; of racing processes one wins and all use it
 * 3. renew: the identity is issued, proven by a handshake, then flipped
 * 4. publish: the two public files are derived, and repaired wherever they differ
 *
 * Steps 2 and 3 are imported when they are due: a launch that reuses loads neither node-forge nor node:tls.
 */
import type { CertificateReport } from '../control.ts';
import { ensurePrivateDirectory } from '../files.ts';
import type { Paths } from '../paths.ts';
import { ensureRootDirectory } from '../root-directory.ts';
import { collectTemporaryFiles } from '../temporary-files.ts';
import { localNames } from './addresses.ts';
import type { Authority } from './authority.ts';
import { decide, type RenewalReason } from './decide.ts';
import { createNotices } from './notices.ts';
import { publish } from './publish.ts';
import { createReport } from './report.ts';
import { readStored } from './stored.ts';
import { authorityFailure, parseUsable, type Usable } from './usable.ts';

export interface Certificates {
  /** PEM of every root that clients are to trust: the contents of `ca-bundle.pem`. */
  readonly roots: string;
  readonly outcome: 'reused' | 'created' | 'renewed';
  /** Why the server certificate was issued; absent when it was reused. */
  readonly reason?: RenewalReason;
  readonly report: CertificateReport;
  /** Sentences that the person should read: names left out, a root that ends within a year. */
  readonly notices: readonly string[];
}

export interface CertificateOptions {
  /** Configured names and addresses, beside the machine's own. */
  readonly hostnames: readonly string[];
}

function prepareHome(paths: Paths): void {
  ensureRootDirectory(paths);
  ensurePrivateDirectory(paths.certificates);
  for (const directory of [paths.root, paths.certificates]) collectTemporaryFiles(directory);
}

/** Publishes what is usable and tells it. */
function conclude(paths: Paths, usable: Usable, hostnames: readonly string[]) {
  const { authority, identity } = usable;
  const now = new Date();
  publish(paths, usable);
  return {
    roots: authority.rootPem,
    report: createReport(identity, authority, now),
    notices: createNotices(authority, hostnames, now),
  };
}

/** Issues a server certificate under the authority and makes it the one in use, for `reason`. */
export async function renewUnder(
  paths: Paths,
  authority: Authority,
  { hostnames, reason }: CertificateOptions & { readonly reason: RenewalReason },
): Promise<Certificates> {
  const { replaceIdentity } = await import('./replace-identity.ts');
  const now = new Date();
  await replaceIdentity(paths, authority, { names: localNames(hostnames), now, reason });
  // Of two renewals at once the later flip stands: what is told is what stands.
  const usable = parseUsable(paths, readStored(paths), now);
  return { outcome: 'renewed', reason, ...conclude(paths, usable, hostnames) };
}

/**
 * Makes sure that certificates stand on disk that clients accept today and that carry every name of this machine
 * and of `hostnames`. When all is there it only reads. Safe to run in any number of processes at once, and to
 * kill at any point: the next run works unaided.
 *
 * Throws `CERTIFICATE_UNUSABLE` for a bad authority (never replaced silently), `FILE_UNSAFE` for a file or
 * directory that another account could have touched (nothing is changed), `HOME_UNUSABLE` and `DISK_FULL`.
 */
export async function ensureCertificate(
  paths: Paths,
  { hostnames }: CertificateOptions,
): Promise<Certificates> {
  const wish = { names: localNames(hostnames), now: new Date() };
  prepareHome(paths);
  let stored = readStored(paths);
  let decision = decide(stored, wish);
  let isCreated = false;
  if (decision.action === 'create') {
    const { createAuthority } = await import('./create-authority.ts');
    isCreated = createAuthority(paths, hostnames, wish.now);
    stored = readStored(paths);
    decision = decide(stored, wish);
  }
  if (decision.action === 'create') throw authorityFailure(paths, 'vanished while it was made');
  if (decision.action === 'refuse') throw authorityFailure(paths, decision.problem);
  const { authority } = decision;
  if (decision.action === 'reuse') {
    const { identity } = decision;
    return { outcome: 'reused', ...conclude(paths, { stored, authority, identity }, hostnames) };
  }
  const renewed = await renewUnder(paths, authority, { hostnames, reason: decision.reason });
  return isCreated ? { ...renewed, outcome: 'created' } : renewed;
}
