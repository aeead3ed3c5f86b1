import type { Config } from '../config.ts';

/** Every value that a request may have in `Host` (R12), lower case: `name:port`, but for port 443 the name alone. */
export function allowedHosts({ hostnames }: Pick<Config, 'hostnames'>, port: number): string[] {
  return [...new Set(['127.0.0.1', 'localhost', ...hostnames])].map(
    (name) => new URL(`https://${name}:${port}`).host,
  );
}
