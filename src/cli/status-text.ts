import type { StatusReport, UpstreamsReport } from '../control.ts';
import { terminalLine } from './terminal-text.ts';
import { durationText, momentText } from './time-text.ts';
import { upstreamText } from './upstream-text.ts';

function idleText(report: StatusReport): string {
  if (report.idleEndsInMs === undefined) return 'the daemon keeps running';
  return `the daemon ends in ${durationText(report.idleEndsInMs)} if nothing connects`;
}

/** One row for each, under one label, and one for a file that cannot be used. */
function upstreamRows({ upstreams, problem }: UpstreamsReport): (readonly [string, string])[] {
  const lines = upstreams.map(upstreamText);
  const [first = 'none', ...others] = lines;
  const rows = [['upstreams', first] as const, ...others.map((line) => ['', line] as const)];
  return problem === undefined ? rows : [...rows, ['problem', problem]];
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
    ...upstreamRows(report),
    ['log', report.log],
  ];
  return rows.map(([label, value]) => `${label.padEnd(12)}${terminalLine(value)}\n`).join('');
}
