import type { StatusReport } from '../control.ts';
import { terminalText } from './terminal-text.ts';

const UNITS = [
  ['d', 86_400],
  ['h', 3_600],
  ['min', 60],
] as const;

/** A duration in its largest whole unit, e.g. `3 h`. */
function durationText(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1_000));
  for (const [unit, size] of UNITS) {
    if (seconds >= size) return `${Math.floor(seconds / size)} ${unit}`;
  }
  return `${seconds} s`;
}

function idleText(report: StatusReport): string {
  if (report.idleEndsInMs === undefined) return 'the daemon stays';
  return `the daemon ends in ${durationText(report.idleEndsInMs)} if nothing connects`;
}

/** `status` for people. */
export function statusText(report: StatusReport, now: number = Date.now()): string {
  const { certificate, startedBy } = report;
  const rows: readonly (readonly [string, string])[] = [
    ['running', `${report.url} (pid ${report.pid}, version ${report.version})`],
    ['since', `${report.startedAt}, ${durationText(now - Date.parse(report.startedAt))}`],
    ['started by', `${startedBy.label} (pid ${startedBy.pid}) in ${startedBy.cwd}`],
    ['engine', `${report.engine}: ${report.engineReason}`],
    ['certificate', `${certificate.daysLeft} days left, until ${certificate.notAfter}`],
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
