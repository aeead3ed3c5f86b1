import type { JsonObject } from '../../json-object.ts';
import { limits } from '../../limits.ts';
import type { JsonRpcRequest, Params } from '../json-rpc.ts';

/** What a server says of itself and offers, as it is kept between its starts. */
export interface CatalogRecord {
  readonly initialize: Params | undefined;
  /** By method and cursor. */
  readonly lists: Readonly<Record<string, Params>>;
  /** Whether it has ever asked its clients anything. */
  readonly asksBack: boolean;
}

export interface Catalog {
  initialize(): Params | undefined;
  keepInitialize(result: Params): void;
  /** The kept answer to that request; undefined if it asks for something else or nothing is kept. */
  list(request: Pick<JsonRpcRequest, 'method' | 'params'>): Params | undefined;
  /** True if it is another answer than the one that was kept. */
  keepList(request: Pick<JsonRpcRequest, 'method' | 'params'>, result: Params): boolean;
  /** Forgets the pages of these lists. */
  forget(methods: readonly string[]): void;
  asksBack(): boolean;
  keepAsksBack(): void;
  clear(): void;
}

/** What notification says that which lists have changed. A map: a server may call a notification `constructor`. */
export const LISTS_BY_CHANGE: ReadonlyMap<string, readonly string[]> = new Map([
  ['notifications/tools/list_changed', ['tools/list']],
  ['notifications/prompts/list_changed', ['prompts/list']],
  ['notifications/resources/list_changed', ['resources/list', 'resources/templates/list']],
]);

/** A client may ask for any cursor: beyond so many pages none is kept. */
const MAX_PAGES = 100;
const LISTS = [...LISTS_BY_CHANGE.values()].flat();

const isCursor = (cursor: unknown): boolean =>
  cursor === undefined || (typeof cursor === 'string' && cursor.length <= limits.upstreamIdLength);

/** The key of a list request, one for each page; undefined for any other request. */
function keyOf({ method, params = {} }: Pick<JsonRpcRequest, 'method' | 'params'>): string | undefined {
  const { cursor, _meta, ...others } = params;
  if (!LISTS.includes(method) || !isCursor(cursor)) return undefined;
  return Object.keys(others).length === 0 ? JSON.stringify([method, cursor]) : undefined;
}

/**
 * The lists of a server, so that it need not run before its first call. `save` takes what has changed.
 */
export function createCatalog(
  kept: CatalogRecord | undefined,
  save: (record: CatalogRecord) => void,
): Catalog {
  let initialize = kept?.initialize;
  const lists = new Map(Object.entries(kept?.lists ?? {}));
  const sizes = new Map([...lists].map(([key, page]) => [key, JSON.stringify(page).length]));
  let asksBack = kept?.asksBack === true;
  const changed = (): void => save({ initialize, lists: Object.fromEntries(lists), asksBack });

  function forget(isForgotten: (method: unknown) => boolean): void {
    const gone = [...lists.keys()].filter((key) => isForgotten((JSON.parse(key) as unknown[])[0]));
    for (const key of gone) remove(key);
    if (gone.length > 0) changed();
  }

  /** False if it was not kept. */
  function remove(key: string): boolean {
    sizes.delete(key);
    return lists.delete(key);
  }

  function hasRoom(size: number): boolean {
    const total = [...sizes.values()].reduce((sum, each) => sum + each, size);
    return lists.size < MAX_PAGES && total <= limits.upstreamCatalogLength;
  }

  return {
    initialize: () => initialize,
    keepInitialize(result) {
      if (JSON.stringify(result) === JSON.stringify(initialize)) return;
      initialize = result;
      changed();
    },
    list(request) {
      const key = keyOf(request);
      return key === undefined ? undefined : lists.get(key);
    },
    keepList(request, result) {
      const key = keyOf(request);
      const page = JSON.stringify(result);
      if (key === undefined || JSON.stringify(lists.get(key)) === page) return false;
      const wasKept = remove(key);
      const isKept = hasRoom(page.length);
      if (isKept) {
        lists.set(key, result);
        sizes.set(key, page.length);
      }
      // To save is to write all of it: not for a page that was not kept and is not now.
      if (wasKept || isKept) changed();
      return true;
    },
    forget: (methods) => forget((method) => methods.includes(String(method))),
    asksBack: () => asksBack,
    keepAsksBack() {
      if (asksBack) return;
      asksBack = true;
      changed();
    },
    clear() {
      asksBack = false;
      initialize = undefined;
      lists.clear();
      sizes.clear();
      changed();
    },
  };
}

/** The capability that says that a list exists. */
export const capabilityOf = (method: string): string => method.split('/', 1)[0] as string;

export const isDeclared = ({ capabilities }: Params, name: string): boolean =>
  (capabilities as JsonObject | undefined)?.[name] !== undefined;
