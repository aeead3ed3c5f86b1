const LOOPBACK = ['127.0.0.1', 'localhost', '::1'];
const PROXIES = ['HTTPS_PROXY', 'https_proxy', 'ALL_PROXY', 'all_proxy', 'HTTP_PROXY', 'http_proxy'];

/**
 * What to set so that a configured proxy never gets the loopback connections, which Claude would send there
 * (measured on both versions); empty without a proxy. Where both spellings are set the lower-case one wins, so
 * whichever exists is completed. A CIDR range does not count: 2.1.197 ignores it.
 */
export function repairNoProxy(
  variables: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  if (!PROXIES.some((name) => variables[name])) return {};
  const present = ['NO_PROXY', 'no_proxy'].filter((name) => variables[name] !== undefined);
  const repaired: Record<string, string> = {};
  for (const name of present.length > 0 ? present : ['NO_PROXY']) {
    const value = variables[name] ?? '';
    const hosts = value.split(/[\s,]+/).filter((host) => host !== '');
    const missing = LOOPBACK.filter((host) => !hosts.includes(host));
    if (hosts.includes('*') || missing.length === 0) continue;
    repaired[name] = [...(value.trim() ? [value.trim().replace(/,$/, '')] : []), ...missing].join(',');
  }
  return repaired;
}
