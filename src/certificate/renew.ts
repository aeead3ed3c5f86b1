import type { Paths } from '../paths.ts';
import { type CertificateOptions, type Certificates, ensureCertificate, renewUnder } from './ensure.ts';
import { readStored } from './stored.ts';
import { parseUsable } from './usable.ts';

/**
 * Issues a new server certificate under the same authority, even if the present one is good; without any
 * certificates it creates them all. Clients keep working: they trust the root. Throws as `ensureCertificate`.
 */
export async function renewCertificate(paths: Paths, options: CertificateOptions): Promise<Certificates> {
  const present = await ensureCertificate(paths, options);
  if (present.outcome !== 'reused') return present;
  const { authority } = parseUsable(paths, readStored(paths), new Date());
  return renewUnder(paths, authority, { ...options, reason: 'requested' });
}
