/**
 * state.json: what the running daemon says of itself. It is a hint where to look, never a proof: nothing in it
 * is trusted, and no pid in it is signalled, until the daemon answered over TLS under our own root with the
 * same instance id.
 */
import { readFileSync } from 'node:fs';
import { environment } from './config.ts';
import { isObject, parseObject } from './json-object.ts';
import { execFileText } from './spawn.ts';

export interface State {
  readonly instanceId: string;
  readonly pid: number;
  /** When the process started, in the platform's own words; with the pid it names one process for ever. */
  readonly procStart: string;
  /** Linux' boot id, or an empty string elsewhere. */
  readonly bootId: string;
  readonly port: number;
  readonly version: string;
  readonly apiLevel: number;
  /** SHA-256 fingerprint of the root the daemon serves under. */
  readonly rootSha256: string;
  readonly startedAt: string;
  readonly startedBy: { readonly label: string; readonly cwd: string; readonly pid: number };
}

const isPort = (value: unknown): boolean =>
  Number.isInteger(value) && (value as number) >= 1 && (value as number) <= 65_535;
// 0 and -1 address whole process groups in kill(2), 1 is init: never a daemon of ours.
export const isPid = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) > 1;

/** Reads state.json; undefined for whatever is not a whole state of ours. */
export function parseState(text: string): State | undefined {
  const state = parseObject(text);
  if (!state) return undefined;
  const strings = ['instanceId', 'procStart', 'bootId', 'version', 'rootSha256', 'startedAt'];
  const by = state.startedBy;
  const isWhole =
    strings.every((key) => typeof state[key] === 'string') &&
    isPid(state.pid) &&
    isPort(state.port) &&
    Number.isInteger(state.apiLevel) &&
    isObject(by) &&
    typeof by.label === 'string' &&
    typeof by.cwd === 'string' &&
    Number.isInteger(by.pid);
  return isWhole ? (state as unknown as State) : undefined;
}

/**
 * What Linux says of a process that has not ended, from the third field of proc_pid_stat(5) on: `[0]` is its
 * state, `[2]` its process group, `[19]` its start.
 */
export function processStat(pid: number | string): string[] | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The command name before them is in parentheses and may hold spaces and parentheses.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    // A zombie has ended; only its parent has not asked yet.
    return fields[0] === 'Z' ? undefined : fields;
  } catch {
    return undefined;
  }
}

/** When process `pid` started, as an opaque string; undefined if there is no such process (or no way to tell). */
export function processStart(pid: number): string | undefined {
  if (process.platform === 'linux') return processStat(pid)?.[19];
  if (process.platform === 'win32') return undefined;
  // In one language and time zone, whatever the asker's: the texts are compared.
  const env = { ...environment(), LC_ALL: 'C', TZ: 'UTC' };
  return execFileText('ps', ['-o', 'lstart=', '-p', String(pid)], { env })?.trim() || undefined;
}

/** The id of this boot; an empty string where the platform has none. */
export function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return '';
  }
}
