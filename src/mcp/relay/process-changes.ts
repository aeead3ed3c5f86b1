/** The server's process comes and goes behind clients that stay. */
import type { JsonObject } from '../../json-object.ts';
import type { Params } from '../json-rpc.ts';
import { isDeclared } from './catalog.ts';
import { announceAll, checkLists } from './lists.ts';
import { failSent } from './requests.ts';
import type { RelayState } from './state.ts';

/** The new process learns what the old one knew; clients learn that anything may be different now. */
export function takeUp(state: RelayState, result: Params): void {
  const { peer, levels, subscriptions, catalog, log, name } = state;
  catalog.keepInitialize(result);
  const replay = (method: string, params: JsonObject): void => {
    // Without its reason: that may quote what a client subscribed to (R55).
    peer.request(method, params).catch(() => log.info('upstream.replay-failed', { upstream: name, method }));
  };
  const level = levels.mostTalkative();
  if (level !== undefined && isDeclared(result, 'logging')) replay('logging/setLevel', { level });
  for (const uri of subscriptions.uris()) replay('resources/subscribe', { uri });
  if (state.isKnown) announceAll(state, result);
  else checkLists(state);
  state.isKnown = true;
}

/** Whatever the process had open is over. */
export function takeDown(state: RelayState): void {
  state.isFresh = true;
  state.held.clear();
  state.questions.endAll();
  failSent(state);
}
