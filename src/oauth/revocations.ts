import type { Clock } from './clock.ts';
import { keys, type Records, readAll } from './records.ts';

/** Access tokens that were revoked one by one, until they would have expired anyway (RFC 7009). */
export interface Revocations {
  has(tokenId: string): boolean;
  /** Resolves once it is flushed: a 200 that a restart forgets would be a lie (R40). */
  add(tokenId: string, expiresAtMs: number): Promise<void>;
  purge(): Promise<void>;
}

export async function readRevocations(records: Records, clock: Clock): Promise<Revocations> {
  const expiries = await readAll<number>(records, keys.revoked(''));
  return {
    has: (tokenId) => expiries.has(tokenId),
    async add(tokenId, expiresAtMs) {
      await records.batch([{ type: 'put', key: keys.revoked(tokenId), value: expiresAtMs }]);
      expiries.set(tokenId, expiresAtMs);
    },
    async purge() {
      const now = clock.nowMs();
      const gone = [...expiries].filter(([, expiresAtMs]) => expiresAtMs <= now).map(([id]) => id);
      if (gone.length === 0) return;
      await records.batch(gone.map((id) => ({ type: 'del', key: keys.revoked(id) })));
      for (const id of gone) expiries.delete(id);
    },
  };
}
