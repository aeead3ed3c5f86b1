import { inspectCertificates } from '../certificate/inspect.ts';
import type { CertificateReport } from '../control.ts';
import { control } from '../daemon/control.ts';
import { Failure } from '../errors.ts';
import type { Paths } from '../paths.ts';
import type { Context, RunCommand } from './context.ts';
import { findRunningDaemon } from './running-daemon.ts';
import { momentText } from './time-text.ts';

/** The certificate for people: both fingerprints, names, days left and paths. */
export function certificateText(report: CertificateReport, paths: Paths): string {
  const rows = [
    ['root', `SHA-256 ${report.rootSha256}`],
    ['', `valid until ${momentText(report.rootNotAfter)}`],
    ['server', `SHA-256 ${report.serverSha256}`],
    ['', `valid until ${momentText(report.notAfter)} (${report.daysLeft} days left)`],
    ['names', report.names.join(', ')],
    ['roots', paths.caBundle],
    ['to copy', paths.serverCertificate],
  ] as const;
  return rows.map(([label, value]) => `${label.padEnd(12)}${value}\n`).join('');
}

async function renew(context: Context): Promise<CertificateReport> {
  const { renewCertificate } = await import('../certificate/renew.ts');
  const { report, notices } = await renewCertificate(context.paths, {
    hostnames: context.config.hostnames,
  });
  for (const notice of notices) context.warn(notice);
  try {
    await control(await findRunningDaemon(context), 'reload', {});
    context.print('renewed under the same root; the daemon serves it now\n\n');
  } catch (error) {
    if (!(error instanceof Failure && error.code === 'DAEMON_NOT_RUNNING')) throw error;
    context.print('renewed under the same root; the next start serves it\n\n');
  }
  return report;
}

/** `cert show`, `cert renew` (under the same root, served at once, no stream dropped) and `cert path`. */
export const cert: RunCommand = async (context, { words: [action = 'show'] }) => {
  const report = action === 'renew' ? await renew(context) : inspectCertificates(context.paths);
  if (!report) {
    throw new Failure('CERTIFICATE_UNUSABLE', 'there is no certificate yet', {
      hint: 'claude-secure makes one on its first run',
    });
  }
  context.print(
    action === 'path' ? `${context.paths.serverCertificate}\n` : certificateText(report, context.paths),
  );
  return 0;
};
