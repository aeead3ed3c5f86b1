import { limits } from '../../limits.ts';
import type { Client } from '../client.ts';

export interface Subscriptions {
  /** Whether the client may have one more (R52). */
  hasRoom(client: Client): boolean;
  /** True if somebody subscribed to it before. */
  has(uri: string): boolean;
  add(client: Client, uri: string): void;
  /** True if nobody is subscribed to it any more. */
  remove(client: Client, uri: string): boolean;
  /** Takes the client out everywhere; gives what nobody is subscribed to any more. */
  removeAll(client: Client): string[];
  clientsOf(uri: string): Iterable<Client>;
  urisOf(client: Client): string[];
  uris(): string[];
}

/** Who is subscribed to which resource: the upstream sees one subscription for all of them. */
export function createSubscriptions(): Subscriptions {
  const clientsByUri = new Map<string, Set<Client>>();

  const urisOf = (client: Client): string[] =>
    [...clientsByUri].filter(([, clients]) => clients.has(client)).map(([uri]) => uri);

  function remove(client: Client, uri: string): boolean {
    const clients = clientsByUri.get(uri);
    if (!clients?.delete(client) || clients.size > 0) return false;
    clientsByUri.delete(uri);
    return true;
  }

  return {
    hasRoom: (client) => urisOf(client).length < limits.subscriptions,
    has: (uri) => clientsByUri.has(uri),
    add(client, uri) {
      const clients = clientsByUri.get(uri) ?? new Set();
      clientsByUri.set(uri, clients.add(client));
    },
    remove,
    removeAll: (client) => urisOf(client).filter((uri) => remove(client, uri)),
    clientsOf: (uri) => clientsByUri.get(uri) ?? [],
    urisOf,
    uris: () => [...clientsByUri.keys()],
  };
}
