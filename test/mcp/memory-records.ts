import type { Entry, Records } from '../../src/mcp/records.ts';

export interface MemoryRecords extends Records {
  readonly map: Map<string, unknown>;
  /** The size of each batch that was written. */
  readonly batches: number[];
  /** While set, every batch fails with it. */
  failure: Error | undefined;
}

/** Records in memory that keep to the contract of the store. */
export function createMemoryRecords(initial: readonly Entry[] = []): MemoryRecords {
  const map = new Map(initial);
  const batches: number[] = [];
  return {
    map,
    batches,
    failure: undefined,
    async batch(operations) {
      await new Promise((resolve) => setImmediate(resolve));
      if (this.failure) throw this.failure;
      batches.push(operations.length);
      for (const operation of operations) {
        if (operation.type === 'del') map.delete(operation.key);
        else map.set(operation.key, JSON.parse(JSON.stringify(operation.value)));
      }
    },
    async *entries(prefix) {
      for (const key of [...map.keys()].sort()) if (key.startsWith(prefix)) yield [key, map.get(key)];
    },
  };
}
