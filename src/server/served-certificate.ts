import { type Certificates, ensureCertificate } from '../certificate/ensure.ts';
import type { CertificateReport } from '../control.ts';
import type { Log } from '../log.ts';
import type { Paths } from '../paths.ts';
import type { Listener } from './engine.ts';

export interface ServedCertificate {
  report(): CertificateReport;
  /** Renews when due, then serves what stands on disk; open streams go on. Throws if the swap fails. */
  refresh(): Promise<void>;
}

export interface ServedCertificateOptions {
  paths: Paths;
  hostnames: readonly string[];
  listener: Listener;
  log: Log;
}

/** Keeps what the listener serves in step with the files. */
export function serveCertificate(
  initial: Certificates,
  { paths, hostnames, listener, log }: ServedCertificateOptions,
): ServedCertificate {
  let { report } = initial;
  return {
    report: () => report,
    async refresh() {
      const found = await ensureCertificate(paths, { hostnames });
      if (found.report.serverSha256 !== report.serverSha256) {
        await listener.swapCredentials();
        log.info('certificate.swapped', {
          outcome: found.outcome,
          reason: found.reason,
          serverSha256: found.report.serverSha256,
        });
      }
      report = found.report;
    },
  };
}
