import { limits } from '../../limits.ts';
import type { Client } from '../client.ts';

export interface Subscriptions {
  /** Whether the client has it already, or may have one more (R52). */
  hasRoom(client: Client, uri: string): boolean;
  /** True if somebody subscribed to it before. */
  has(uri: string): boolean;
  add(client: Client, uri: string): void;
  /** True if nobody is subscribed to it any more. */
  remove(client: Client, uri: string): boolean;
  /** Takes the client out everywhere; gives what nobody is subscribed to any more. */
  removeAll(client: Client): string[];
  /** Who wants to hear of it: what was updated may be a part of what was subscribed to (2025-11-25 resources). */
  clientsOf(uri: string): Iterable<Client>;
  urisOf(client: Client): string[];
  uris(): string[];
}

const isPart = (uri: string, whole: string): boolean =>
  uri === whole || (uri.startsWith(whole) && (whole.endsWith('/') || /^[/?#]/.test(uri.slice(whole.length))));

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
    hasRoom(client, uri) {
      const uris = urisOf(client);
      return uris.includes(uri) || uris.length < limits.subscriptions;
    },
    has: (uri) => clientsByUri.has(uri),
    add(client, uri) {
      const clients = clientsByUri.get(uri) ?? new Set();
      clientsByUri.set(uri, clients.add(client));
    },
    remove,
    removeAll: (client) => urisOf(client).filter((uri) => remove(client, uri)),
    clientsOf: (uri) =>
      new Set([...clientsByUri].flatMap(([each, clients]) => (isPart(uri, each) ? [...clients] : []))),
    urisOf,
    uris: () => [...clientsByUri.keys()],
  };
}
