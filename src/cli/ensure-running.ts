import { type Certificates, ensureCertificate } from '../certificate/ensure.ts';
import { type EnsuredDaemon, ensureDaemon } from '../daemon/ensure.ts';
import { VERSION } from '../version.ts';
import type { Context } from './context.ts';
import { ENTRY } from './entry.ts';

/** Makes sure of a certificate, and passes on what the person should know of it. */
export async function ensureCertificates(context: Context): Promise<Certificates> {
  const { config, paths } = context;
  const certificates = await ensureCertificate(paths, { hostnames: config.hostnames });
  for (const notice of certificates.notices) context.warn(notice);
  return certificates;
}

/** Makes sure of a certificate, then of a daemon that answers under it. */
export async function ensureRunning(
  context: Context,
): Promise<{ certificates: Certificates; daemon: EnsuredDaemon }> {
  const { config, paths, env } = context;
  const certificates = await ensureCertificates(context);
  const daemon = await ensureDaemon({
    paths,
    config,
    env,
    roots: certificates.roots,
    entry: ENTRY,
    version: VERSION,
  });
  // The daemon looked at the same certificate.
  const news = daemon.notices.filter((notice) => !certificates.notices.includes(notice));
  for (const notice of news) context.warn(notice);
  return { certificates, daemon };
}
