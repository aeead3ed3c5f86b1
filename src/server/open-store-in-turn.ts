import { setTimeout as sleep } from 'node:timers/promises';
import { errnoOf, Failure } from '../errors.ts';
import { limits } from '../limits.ts';
import type { Log } from '../log.ts';
import { openStore, type Store } from '../store/store.ts';

const POLL_MS = 50;
/** A predecessor holds the store while it drains, and a moment longer. */
const TURN_MS = limits.drainMs + 1_000;

const isHeld = (error: unknown): boolean =>
  error instanceof Failure && errnoOf(error.cause) === 'LEVEL_LOCKED';

/**
 * Opens the store, once a predecessor that has given back the port and still answers its last requests is done
 * with it. Throws as `openStore`, which names a store that is held for longer.
 */
export async function openStoreInTurn(directory: string, log: Log): Promise<Store> {
  const end = performance.now() + TURN_MS;
  for (;;) {
    try {
      return await openStore(directory, log);
    } catch (error) {
      if (!isHeld(error) || performance.now() > end) throw error;
    }
    await sleep(POLL_MS);
  }
}
