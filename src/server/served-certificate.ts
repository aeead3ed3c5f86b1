import { type Certificates, ensureCertificate } from '../certificate/ensure.ts';
import type { CertificateReport } from '../control.ts';
import { Failure } from '../errors.ts';
import type { Log } from '../log.ts';
import type { Paths } from '../paths.ts';
import type { Listener } from './engine.ts';

export interface ServedCertificate {
  report(): CertificateReport;
  /**
   * Renews when due, then serves what stands on disk; open streams go on. Of several at once each waits for the
   * one before. Rejects when the files or the swap fail: what was served before is served on, unless the port is
   * lost.
   */
  refresh(): Promise<void>;
}

export interface ServedCertificateOptions {
  paths: Paths;
  hostnames: readonly string[];
  listener: Listener;
  log: Log;
  /** Another program took the port in the instant of a swap: nobody can connect any more. */
  onPortLost(): void;
}

/** Keeps what the listener serves in step with the files. */
export function serveCertificate(
  initial: Certificates,
  { paths, hostnames, listener, log, onPortLost }: ServedCertificateOptions,
): ServedCertificate {
  let { report } = initial;
  let last: Promise<void> = Promise.resolve();

  async function swap({ outcome, reason, report: { serverSha256 } }: Certificates): Promise<void> {
    try {
      await listener.swapCredentials();
    } catch (error) {
      if (error instanceof Failure && error.code === 'PORT_TAKEN') onPortLost();
      throw error;
    }
    log.info('certificate.swapped', { outcome, reason, serverSha256 });
  }

  async function refresh(): Promise<void> {
    const found = await ensureCertificate(paths, { hostnames });
    if (found.report.serverSha256 !== report.serverSha256) await swap(found);
    report = found.report;
  }

  return {
    report: () => report,
    refresh() {
      // Of two swaps at once the second would find the port taken by the first.
      const done = last.then(refresh);
      last = done.catch(() => undefined);
      return done;
    },
  };
}
