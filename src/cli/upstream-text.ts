import type { UpstreamReport } from '../control.ts';

/** The pids of its processes; empty while it has none. */
export function pidText({ processes }: UpstreamReport): string {
  return processes.flatMap(({ pid }) => pid ?? []).join(', ');
}

/** One upstream in one line of `status`. */
export function upstreamText(upstream: UpstreamReport): string {
  const { name, state, restarts, calls, lastError } = upstream;
  const pids = pidText(upstream);
  const parts = [state, ...(pids ? [`pid ${pids}`] : []), `restarts: ${restarts}`, `calls: ${calls}`];
  return `${name}: ${[...parts, ...(lastError === undefined ? [] : [`last error: ${lastError}`])].join(', ')}`;
}
