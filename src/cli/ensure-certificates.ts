import { type Certificates, ensureCertificate } from '../certificate/ensure.ts';
import type { Context } from './context.ts';

/** Makes sure of a certificate, and passes on what the person should know of it. */
export async function ensureCertificates(context: Context): Promise<Certificates> {
  const { config, paths } = context;
  const certificates = await ensureCertificate(paths, { hostnames: config.hostnames });
  for (const notice of certificates.notices) context.warn(notice);
  return certificates;
}
