import type { TrafficEntry } from '../control.ts';
import { redact } from '../log.ts';
import { terminalLine } from './terminal-text.ts';

const ARROWS = { 'to-server': '->', 'to-client': '<-' } as const;

/** The time of day, to the millisecond, in the time zone of the machine. */
function clockText(iso: string): string {
  const date = new Date(iso);
  if (Number.isNaN(date.getTime())) return iso;
  const local = new Date(date.getTime() - date.getTimezoneOffset() * 60_000);
  return local.toISOString().slice(11, 23);
}

/** One message in one line: time, arrow, what, whom it names, milliseconds, bytes, outcome; and what it says. */
export function trafficText(entry: TrafficEntry): string {
  const { time, direction, kind, method, target, ms, bytes, outcome, body } = entry;
  const parts = [
    clockText(time),
    ARROWS[direction],
    `${kind} ${method}`,
    target,
    ms === undefined ? undefined : `${Math.round(ms * 10) / 10} ms`,
    bytes === undefined ? undefined : `${bytes} B`,
    outcome,
    body === undefined ? undefined : redact(body),
  ];
  return `${terminalLine(parts.filter((part) => part !== undefined).join('  '))}\n`;
}
