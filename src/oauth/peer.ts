import { BlockList, isIPv6 } from 'node:net';

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

/** Whether the peer is this machine, in any spelling of the address (T4). */
export const isLoopback = (peer: string): boolean => loopback.check(peer, isIPv6(peer) ? 'ipv6' : 'ipv4');
