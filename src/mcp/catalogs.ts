import { createHash } from 'node:crypto';
import { isObject } from '../json-object.ts';
import type { Log } from '../log.ts';
import type { RecordOperation, Records } from './records.ts';
import type { CatalogRecord } from './relay/catalog.ts';

/** Which catalog: of which server, for whom (a workspace, or everybody), as which definition describes it. */
export interface CatalogPlace {
  readonly name: string;
  readonly key: string;
  readonly digest: string;
}

/** What upstreams offered when they last ran, so that they need not run for a client that only looks. */
export interface Catalogs {
  get(place: CatalogPlace): CatalogRecord | undefined;
  save(place: CatalogPlace, record: CatalogRecord): void;
  /** Everything of an upstream that is no more; only what is for one, if `key` says for whom. */
  remove(name: string, key?: string): void;
}

const PREFIX = 'catalog/';
/** Several lists of one start are written together. */
const DELAY_MS = 50;

const keyOf = ({ name, key }: Pick<CatalogPlace, 'name' | 'key'>): string =>
  `${PREFIX}${name}/${createHash('sha256').update(key).digest('base64url').slice(0, 16)}`;

const isWhole = (value: unknown): value is { digest: string; record: CatalogRecord } =>
  isObject(value) &&
  typeof value.digest === 'string' &&
  isObject(value.record) &&
  isObject(value.record.lists);

/** Reads the catalogs of earlier daemons. A write that fails costs the next daemon a start of the server, no more. */
export async function readCatalogs(records: Records, log: Log): Promise<Catalogs> {
  const kept = new Map<string, { digest: string; record: CatalogRecord }>();
  for await (const [key, value] of records.entries(PREFIX)) if (isWhole(value)) kept.set(key, value);
  const changed = new Set<string>();

  function write(): void {
    const operations = [...changed].map((key): RecordOperation => {
      const value = kept.get(key);
      return value ? { type: 'put', key, value } : { type: 'del', key };
    });
    changed.clear();
    records.batch(operations, { flush: false }).catch((error: unknown) => {
      log.error('catalog.write-failed', { error: String(error) });
    });
  }

  function note(key: string): void {
    if (changed.size === 0) setTimeout(write, DELAY_MS).unref();
    changed.add(key);
  }

  return {
    get(place) {
      const found = kept.get(keyOf(place));
      return found?.digest === place.digest ? found.record : undefined;
    },
    save(place, record) {
      const key = keyOf(place);
      kept.set(key, { digest: place.digest, record });
      note(key);
    },
    remove(name, key) {
      const prefix = key === undefined ? `${PREFIX}${name}/` : keyOf({ name, key });
      for (const each of [...kept.keys()].filter((one) => one.startsWith(prefix))) {
        kept.delete(each);
        note(each);
      }
    },
  };
}
