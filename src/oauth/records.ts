/** What the authorization server needs of a database. `store` satisfies it; nothing here knows which one it is. */
export type RecordOperation =
  | { readonly type: 'put'; readonly key: string; readonly value: unknown }
  | { readonly type: 'del'; readonly key: string };

export interface Records {
  /** The value under the key, or undefined. */
  get(key: string): Promise<unknown>;
  /** All operations or none; resolves only once they are flushed to the disk. */
  batch(operations: readonly RecordOperation[]): Promise<void>;
  /** Every record whose key starts with the prefix, in key order. */
  entries(prefix: string): AsyncIterable<readonly [key: string, value: unknown]>;
}

/**
 * Every key. Secrets stand in the store as SHA-256 digests only (R41).
 *
 * | key           | value                                           |
 * |---------------|-------------------------------------------------|
 * | client/<id>   | ClientRecord (clients.ts)                       |
 * | grant/<id>    | GrantRecord (grants.ts)                         |
 * | revoked/<jti> | when that access token would have expired, ms   |
 * | clock         | the latest time seen, ms (clock.ts)             |
 */
export const keys = {
  client: (id: string): string => `client/${id}`,
  grant: (id: string): string => `grant/${id}`,
  revoked: (tokenId: string): string => `revoked/${tokenId}`,
  clock: 'clock',
} as const;

/** Every value under the prefix, by the rest of its key. */
export async function readAll<T>(records: Records, prefix: string): Promise<Map<string, T>> {
  const found = new Map<string, T>();
  for await (const [key, value] of records.entries(prefix)) found.set(key.slice(prefix.length), value as T);
  return found;
}
