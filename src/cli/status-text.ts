import type { StatusReport } from '../control.ts';
import { terminalText } from './terminal-text.ts';
import { durationText, momentText } from './time-text.ts';

function idleText(report: StatusReport): string {
  if (report.idleEndsInMs === undefined) return 'the daemon keeps running';
  return `the daemon ends in ${durationText(report.idleEndsInMs)} if nothing connects`;
}

/** `status` for people. */
export function statusText(report: StatusReport, now: number = Date.now()): string {
  const { certificate, startedBy } = report;
  const rows: readonly (readonly [string, string])[] = [
    ['running', `${report.url} (pid ${report.pid}, version ${report.version})`],
    ['since', `${momentText(report.startedAt)} (${durationText(now - Date.parse(report.startedAt))})`],
    ['started by', `${startedBy.label} (pid ${startedBy.pid}) in ${startedBy.cwd}`],
    ['engine', `${report.engine}: ${report.engineReason}`],
    ['certificate', `${certificate.daysLeft} days left, until ${momentText(certificate.notAfter)}`],
    ['names', certificate.names.join(', ')],
    ['open', `sessions: ${report.sessions}, connections: ${report.connections}; ${idleText(report)}`],
    [
      'clients',
      `with access: ${report.clients}, waiting for claude-secure approve: ${report.pendingConsents}`,
    ],
    ['log', report.log],
  ];
  return rows.map(([label, value]) => `${label.padEnd(12)}${terminalText(value)}\n`).join('');
}
