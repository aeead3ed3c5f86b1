/** What the server offers: kept for its next start, and told to everybody when it is different. */
import { isObject } from '../../json-object.ts';
import type { JsonRpcNotification, JsonRpcRequest, JsonRpcResult, Params } from '../json-rpc.ts';
import { capabilityOf, isDeclared, LISTS_BY_CHANGE } from './catalog.ts';
import { withPresentableTools } from './presentable-tools.ts';
import type { RelayState } from './state.ts';

/** Tells every session and every stream that waits for changes. */
export function announce({ clients, watchers }: RelayState, change: JsonRpcNotification): void {
  for (const client of clients) client.tell(change);
  for (const watcher of watchers) watcher(change);
}

/** Another process runs now: any of its lists may be different. */
export function announceAll(state: RelayState, initialized: Params): void {
  for (const [method, [list]] of LISTS_BY_CHANGE) {
    if (isDeclared(initialized, capabilityOf(String(list)))) announce(state, { jsonrpc: '2.0', method });
  }
}

const presentable = ({ log, name }: RelayState, result: Params): Params =>
  withPresentableTools(result, (count) => log.info('upstream.tools-left-out', { upstream: name, count }));

/** Keeps a page of a list, and gives it as clients may see it. */
export function takeList(state: RelayState, request: JsonRpcRequest, response: JsonRpcResult): JsonRpcResult {
  if (!isObject(response.result)) return response;
  const result = presentable(state, response.result);
  state.catalog.keepList(request, result);
  return { ...response, result };
}

/** The pages that are kept, up to the first that is different: cursors of the old list mean nothing behind it. */
async function checkList(state: RelayState, method: string): Promise<void> {
  const { peer, catalog } = state;
  const seen = new Set<unknown>();
  let params: Params | undefined;
  do {
    seen.add(params?.cursor);
    const result = presentable(state, await peer.request(method, params));
    if (catalog.keepList({ method, ...(params && { params }) }, result)) {
      catalog.forget([method]);
      const change = [...LISTS_BY_CHANGE].find(([, lists]) => lists.includes(method));
      if (change) announce(state, { jsonrpc: '2.0', method: change[0] });
      return;
    }
    params = { cursor: result.nextCursor };
  } while (catalog.list({ method, params }) && !seen.has(params.cursor));
}

/** Asks for the lists that clients got from the catalog; tells them of those that are different now. */
export function checkLists(state: RelayState): void {
  for (const method of state.unchecked) checkList(state, method).catch(() => undefined);
  state.unchecked.clear();
}
