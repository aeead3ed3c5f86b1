import { parseObject } from './json-object.ts';

/** The `/health` answer, agreed between the daemon that gives it and the launcher that probes for it. */
export interface Health {
  readonly name: 'claude-secure';
  readonly version: string;
  readonly apiLevel: number;
  readonly instanceId: string;
  readonly pid: number;
  /** ISO 8601. */
  readonly startedAt: string;
  readonly engine: 'uws' | 'https';
}

/** Raised when a launcher can no longer work with an older daemon, or the other way round. */
export const API_LEVEL = 1;

/** Reads a `/health` body; undefined for anything that is not our daemon's answer. */
export function parseHealth(text: string): Health | undefined {
  const value = parseObject(text);
  if (!value) return undefined;
  const { name, version, apiLevel, instanceId, pid, startedAt, engine } = value;
  const isOurs =
    name === 'claude-secure' &&
    typeof version === 'string' &&
    Number.isInteger(apiLevel) &&
    typeof instanceId === 'string' &&
    Number.isInteger(pid) &&
    (pid as number) > 1 &&
    typeof startedAt === 'string' &&
    (engine === 'uws' || engine === 'https');
  return isOurs ? (value as unknown as Health) : undefined;
}
