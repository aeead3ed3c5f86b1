import type { CertificateReport } from '../control.ts';
import type { Paths } from '../paths.ts';
import { createReport } from './report.ts';
import { readStored } from './stored.ts';
import { parseUsable } from './usable.ts';

/**
 * What the certificates on disk say; undefined if there are none yet. Writes nothing. An expired server
 * certificate is told like any other. Throws `CERTIFICATE_UNUSABLE` for damaged files, `FILE_UNSAFE` for unsafe ones.
 */
export function inspectCertificates(paths: Paths): CertificateReport | undefined {
  const stored = readStored(paths);
  if (stored.authority === undefined && stored.identity === undefined) return undefined;
  const now = new Date();
  const { authority, identity } = parseUsable(paths, stored, now);
  return createReport(identity, authority, now);
}
