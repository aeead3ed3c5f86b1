import { fileURLToPath } from 'node:url';
import { type Certificates, ensureCertificate } from '../certificate/ensure.ts';
import { type EnsuredDaemon, ensureDaemon } from '../daemon/ensure.ts';
import { VERSION } from '../version.ts';
import type { Context } from './context.ts';

/** The program that the daemon, and Claude's headers helper, are started with. */
export const ENTRY = fileURLToPath(new URL('../../bin/claude-secure.js', import.meta.url));

/** Makes sure of a certificate, then of a daemon that answers under it. */
export async function ensureRunning(
  context: Context,
): Promise<{ certificates: Certificates; daemon: EnsuredDaemon }> {
  const { config, paths, env } = context;
  const certificates = await ensureCertificate(paths, { hostnames: config.hostnames });
  const daemon = await ensureDaemon({
    paths,
    config,
    env,
    roots: certificates.roots,
    entry: ENTRY,
    version: VERSION,
  });
  return { certificates, daemon };
}
