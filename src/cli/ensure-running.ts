import type { Certificates } from '../certificate/ensure.ts';
import type { ControlTarget } from '../daemon/control.ts';
import { type EnsuredDaemon, ensureDaemon } from '../daemon/ensure.ts';
import { VERSION } from '../version.ts';
import type { Context } from './context.ts';
import { ensureCertificates } from './ensure-certificates.ts';
import { ENTRY } from './entry.ts';

/** Makes sure of a certificate, then of a daemon that answers under it. */
export async function ensureRunning(
  context: Context,
): Promise<{ certificates: Certificates; daemon: EnsuredDaemon; target: ControlTarget }> {
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
  const { roots } = certificates;
  return { certificates, daemon, target: { port: daemon.port, roots, ownerSecretFile: paths.ownerSecret } };
}
