import { isIP } from 'node:net';
import type { Config } from '../config.ts';

const WILDCARDS = ['0.0.0.0', '::'];

/** Every `host:port` that a request may name in `Host` (R12), lower case. The first is the issuer's. */
export function allowedHosts(
  { host, hostnames }: Pick<Config, 'host' | 'hostnames'>,
  port: number,
): string[] {
  const names = new Set(['127.0.0.1', 'localhost', ...hostnames]);
  if (!WILDCARDS.includes(host)) names.add(isIP(host) === 6 ? `[${host}]` : host);
  if (host === '::') names.add('[::1]');
  return [...names].map((name) => `${name}:${port}`);
}
