import type { Socket } from 'node:net';
import { limits } from '../limits.ts';

type End = Pick<Socket, 'remoteAddress' | 'remotePort'>;

/** The open connections of a listener, and which of them goes when there are too many (R19). */
export interface Connections {
  /** Counts one in until it closes. Beyond a limit one that nobody vouched for is cut off: the oldest there is. */
  enter(socket: Socket): void;
  /** The client at this end has shown a good credential: it makes room for nobody. */
  vouch(end: End): void;
  count(): number;
}

/**
 * Holds at most `max`, and of one address at most `limits.strangersShare` of them without a credential. The newest is
 * not the one to refuse: every account on this machine has the owner's address, and could keep the owner out.
 */
export function createConnections(max: number): Connections {
  const maxStrangers = Math.ceil(max * limits.strangersShare);
  /** By address and port, the oldest first. */
  const strangers = new Map<string, Map<number, Socket>>();
  const open = new Set<Socket>();

  function forget(peer: string, port: number): void {
    const own = strangers.get(peer);
    own?.delete(port);
    if (own?.size === 0) strangers.delete(peer);
  }

  /** The address that has the most of them: a flood from many addresses does not push out a single client. */
  function mostCrowded(): string {
    let found = '';
    for (const [peer, { size }] of strangers) {
      if (size > (strangers.get(found)?.size ?? 0)) found = peer;
    }
    return found;
  }

  function cutOldest(peer: string): void {
    for (const [port, socket] of strangers.get(peer) ?? []) {
      forget(peer, port);
      open.delete(socket);
      socket.destroy();
      return;
    }
  }

  return {
    enter(socket) {
      const { remoteAddress: peer = '', remotePort: port = 0 } = socket;
      const own = strangers.get(peer) ?? new Map<number, Socket>();
      strangers.set(peer, own.set(port, socket));
      open.add(socket);
      socket.once('close', () => {
        open.delete(socket);
        if (strangers.get(peer)?.get(port) === socket) forget(peer, port);
      });
      if (own.size > maxStrangers) cutOldest(peer);
      else if (open.size > max) cutOldest(mostCrowded());
    },
    vouch: ({ remoteAddress = '', remotePort = 0 }) => forget(remoteAddress, remotePort),
    count: () => open.size,
  };
}
