import { limits } from '../limits.ts';
import type { Log } from '../log.ts';
import type { Clients } from './clients.ts';
import type { Clock } from './clock.ts';
import type { Grants } from './grants.ts';
import { keys, type Records } from './records.ts';
import type { Revocations } from './revocations.ts';

export interface HousekeepingOptions {
  readonly records: Records;
  readonly clients: Clients;
  readonly grants: Grants;
  readonly revocations: Revocations;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * Removes what has expired, now and every `limits.purgeMs`, and keeps the clock's floor on the disk (R45).
 * Returns what stops it, after writing the floor once more.
 */
export async function startHousekeeping(options: HousekeepingOptions): Promise<() => Promise<void>> {
  const { records, clients, grants, revocations, clock, log } = options;

  async function writeFloor(): Promise<void> {
    await records.batch([{ type: 'put', key: keys.clock, value: clock.nowMs() }]);
  }

  async function purge(): Promise<void> {
    await grants.purge();
    await clients.purge();
    await revocations.purge();
  }

  const attempt = (task: () => Promise<void>) => (): void => {
    task().catch((error) => log.error('housekeeping.failed', { reason: String(error) }));
  };

  await purge();
  await writeFloor();
  const timers = [
    setInterval(attempt(writeFloor), limits.clockFloorMs).unref(),
    setInterval(attempt(purge), limits.purgeMs).unref(),
  ];
  return async () => {
    for (const timer of timers) clearInterval(timer);
    await writeFloor().catch((error) => log.error('housekeeping.failed', { reason: String(error) }));
  };
}
