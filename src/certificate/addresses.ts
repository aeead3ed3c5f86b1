import { isIPv4 } from 'node:net';
import { hostname, networkInterfaces } from 'node:os';

const DNS_NAME = /^(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/;

/** Whether it is an address rather than a DNS name. `net.isIP` takes 6 ms at its first IPv6 address (measured). */
export const isAddress = (name: string): boolean => name.includes(':') || isIPv4(name);

/** The host's own name in lower case; undefined if it is no DNS name (an underscore, a lone address). */
export function ownName(): string | undefined {
  const name = hostname().toLowerCase().replace(/\.$/, '');
  return DNS_NAME.test(name) && !isAddress(name) ? name : undefined;
}

/** The spelling that two texts of one address share. Throws a TypeError for what is no address. */
export function canonicalAddress(address: string): string {
  return isIPv4(address) ? address : new URL(`http://[${address}]`).hostname.slice(1, -1);
}

/** False for what means "every address", is link-local, carries a zone, or is an IPv4 address in IPv6 clothes. */
function isUsableAddress(address: string): boolean {
  if (address.includes('%')) return false;
  const canonical = canonicalAddress(address);
  return !/^(?:0\.0\.0\.0|169\.254\.|::$|fe[89ab]|::ffff:)/.test(canonical);
}

/**
 * IPv4 only: IPv6 privacy addresses change daily and each would ask for a new certificate (RFC 8981). An IPv6
 * address takes part when it is configured.
 */
function lanAddresses(): string[] {
  return Object.values(networkInterfaces())
    .flatMap((interfaces) => interfaces ?? [])
    .filter(({ family, internal }) => family === 'IPv4' && !internal)
    .map(({ address }) => address);
}

/**
 * Every name and address the server certificate should carry on this machine: loopback, the host's name, its LAN
 * addresses and `configured` (names or addresses), each once.
 */
export function localNames(configured: readonly string[]): string[] {
  const own = ownName();
  const host = own === undefined ? [] : [own, `${own.split('.')[0]}.local`];
  const names = ['localhost', ...host, ...configured.filter((name) => !isAddress(name))];
  const addresses = ['127.0.0.1', '::1', ...lanAddresses(), ...configured.filter(isAddress)];
  return [...new Set([...names, ...addresses.filter(isUsableAddress).map(canonicalAddress)])];
}

/** Whether an authority limited to `subtrees` may vouch for the name; addresses are not limited (design 8). */
export function isPermitted(name: string, subtrees: readonly string[]): boolean {
  return isAddress(name) || subtrees.some((subtree) => name === subtree || name.endsWith(`.${subtree}`));
}
