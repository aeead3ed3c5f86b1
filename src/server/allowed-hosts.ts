import type { Config } from '../config.ts';

/** Every `host:port` that a request may name in `Host` (R12), lower case. */
export function allowedHosts({ hostnames }: Pick<Config, 'hostnames'>, port: number): string[] {
  return [...new Set(['127.0.0.1', 'localhost', ...hostnames])].map((name) => `${name}:${port}`);
}
