/**
 * Many clients before one server. They share nothing there but the process: ids, progress tokens, subscriptions and log
 * levels are kept apart here, and whatever the server says reaches the client it is for, or none. Raw JSON-RPC goes
 * through in the order in which it came, with every field that we do not know: bridges that translate lost messages
 * (gateways.md 0.3).
 */
import type { UpstreamState } from '../../control.ts';
import type { JsonObject } from '../../json-object.ts';
import { limits } from '../../limits.ts';
import type { Log } from '../../log.ts';
import { VERSION } from '../../version.ts';
import type { Client } from '../client.ts';
import type { JsonRpcNotification, JsonRpcResponse, Params, RequestId } from '../json-rpc.ts';
import { PROTOCOL_VERSIONS } from '../protocol-version.ts';
import type { Traffic } from '../traffic.ts';
import type { Upstream } from '../upstream.ts';
import { askHeld } from './addressee.ts';
import { createAttendedGrants } from './attended-grants.ts';
import { type Catalog, isDeclared } from './catalog.ts';
import { ALL_CAPABILITIES } from './client-capabilities.ts';
import { createLogLevels, isLogLevel } from './log-levels.ts';
import { takeMessage } from './messages.ts';
import { parkCall, resumeCall, yieldTurns } from './parking.ts';
import { createPeer } from './peer.ts';
import { type Call, createPendingCalls } from './pending-calls.ts';
import { takeDown, takeUp } from './process-changes.ts';
import { createQuestions } from './questions.ts';
import { createRecentGrants } from './recent-grants.ts';
import { cancelCall, restart, takeCall, takeNotice } from './requests.ts';
import { type RelayState, sayToServer } from './state.ts';
import { createSubscriptions } from './subscriptions.ts';
import { createTaskOwners } from './task-owners.ts';
import { createTurns } from './turns.ts';

export interface RelayReport {
  readonly pid: number | undefined;
  readonly state: UpstreamState;
  readonly restarts: number;
  readonly calls: number;
  readonly lastError: string | undefined;
}

export interface Relay {
  /** The server's own `initialize` result, as it is kept or after starting it. Rejects with a one-line reason. */
  initialize(): Promise<Params>;
  /** A session that lives on between its requests, with the state it had in an earlier daemon. */
  attach(client: Client, kept?: ClientState): void;
  /** The client is gone, with everything it has open. */
  detach(client: Client): void;
  /** What would have to be known to attach the client again. */
  stateOf(client: Client): ClientState;
  /** Passes a request on. */
  call(call: Call): void;
  cancel(client: Client, requestId: RequestId, reason: unknown): void;
  /** The call waits for its client to come back. */
  park(client: Client, requestId: RequestId): void;
  /** Goes on with a parked call when it is its turn. */
  resume(client: Client, requestId: RequestId, proceed: () => void): void;
  /** Takes a client's answer to a question. */
  answer(client: Client, response: JsonRpcResponse): void;
  /** Passes a notification on. */
  notify(client: Client, notification: JsonRpcNotification): void;
  /** A client without a session is there and listens; the result takes it back. */
  attend(grantId: string): () => void;
  /** Tells of changed lists and updated resources; the result takes it back. */
  watch(watcher: (change: JsonRpcNotification) => void): () => void;
  /** Makes the server log at least that much. */
  raiseLogLevel(level: unknown): void;
  /** Starts the server if somebody is subscribed to something. */
  wake(): void;
  report(): RelayReport;
  /** Refuses what waited too long, ends a server that nobody has used for long. True if it does not run for anybody. */
  sweep(): boolean;
  /** Its definition has changed: starts it again as soon as no call waits for it. */
  renew(): void;
  /** Calls `listener` once when it is closed, at once if it is. */
  onClose(listener: () => void): void;
  close(): Promise<void>;
}

export interface ClientState {
  readonly logLevel: string | undefined;
  readonly subscriptions: readonly string[];
}

export interface RelayOptions {
  readonly upstream: Upstream;
  readonly log: Log;
  readonly catalog: Catalog;
  readonly traffic: Traffic;
  /** The `initialize` params of the one client that has the server for itself. */
  readonly exclusive?: Params;
  /** A monotonic clock in milliseconds. */
  nowMs(): number;
}

const SHARED: JsonObject = {
  protocolVersion: PROTOCOL_VERSIONS[0],
  capabilities: ALL_CAPABILITIES,
  clientInfo: { name: 'claude-secure', version: VERSION },
};

function createState(options: RelayOptions): RelayState {
  const { upstream, log, catalog, traffic, exclusive, nowMs } = options;
  let lastId = 0;
  const nextId = (): number => ++lastId;
  const isInUse = (): boolean => state.clients.size > 0 || state.watchers.size > 0;
  const state: RelayState = {
    name: upstream.name,
    log,
    catalog,
    traffic,
    nowMs,
    isExclusive: exclusive !== undefined,
    pending: createPendingCalls(nextId),
    turns: createTurns(),
    questions: createQuestions({
      nextId,
      nowMs,
      isOpen: ({ ownId }) => state.pending.get(ownId) !== undefined,
      send: (message) => sayToServer(state, message),
    }),
    subscriptions: createSubscriptions(),
    levels: createLogLevels(),
    owners: createTaskOwners(),
    clients: new Set(),
    watchers: new Set(),
    elicitations: new Map(),
    served: createRecentGrants(nowMs),
    cancelled: createRecentGrants(nowMs),
    held: new Set(),
    parked: new Map(),
    attended: createAttendedGrants((grantId) => yieldTurns(state, grantId)),
    unchecked: new Set(),
    calls: 0,
    usedMs: nowMs(),
    isFresh: true,
    isStale: false,
    isKnown: false,
    peer: createPeer({
      upstream,
      params: exclusive ?? SHARED,
      log,
      nextId,
      nowMs,
      onMessage: (message, details) => takeMessage(state, message, details),
      onUp: (result) => takeUp(state, result),
      onDown: () => takeDown(state),
      isBusy: () => state.pending.size > 0,
      isMissed: isInUse,
    }),
  };
  return state;
}

function detach(state: RelayState, client: Client): void {
  const { clients, levels, questions, subscriptions, peer } = state;
  clients.delete(client);
  levels.remove(client);
  questions.endClient(client);
  // The latest first: none that still waits may get the turn of an earlier one.
  for (const ownId of [...client.inFlight.values()].reverse()) cancelCall(state, ownId, 'the client is gone');
  for (const uri of subscriptions.removeAll(client)) {
    if (peer.isUp()) peer.request('resources/unsubscribe', { uri }).catch(() => undefined);
  }
  state.usedMs = state.nowMs();
}

function sweep(state: RelayState): boolean {
  const { peer, pending, clients, watchers, nowMs } = state;
  state.questions.sweep();
  askHeld(state);
  const isUnused = pending.size === 0 && clients.size === 0 && watchers.size === 0;
  const isLeftAlone = isUnused && nowMs() - state.usedMs > limits.upstreamIdleMs;
  if (!isLeftAlone || !peer.isUp()) return isLeftAlone;
  state.isKnown = false;
  void peer.stop();
  return true;
}

export function createRelay(options: RelayOptions): Relay {
  const state = createState(options);
  const { peer, catalog, clients, levels, subscriptions, watchers } = state;
  const closed = new AbortController();
  if (catalog.asksBack()) state.turns.takeOneAtATime();
  return {
    initialize: async () => (!state.isExclusive && catalog.initialize()) || peer.ready(),
    attach(client, kept) {
      clients.add(client);
      // It has seen a process of an earlier daemon.
      if (kept) state.isKnown = true;
      if (kept?.logLevel !== undefined) {
        levels.set(client, kept.logLevel);
        levels.raise(kept.logLevel);
      }
      for (const uri of kept?.subscriptions ?? []) subscriptions.add(client, uri);
    },
    detach: (client) => detach(state, client),
    stateOf: (client) => ({ logLevel: levels.of(client), subscriptions: subscriptions.urisOf(client) }),
    call: (call) => takeCall(state, call),
    cancel(client, requestId, reason) {
      const ownId = client.inFlight.get(requestId);
      if (ownId !== undefined) cancelCall(state, ownId, reason);
    },
    park(client, requestId) {
      const ownId = client.inFlight.get(requestId);
      if (ownId !== undefined) parkCall(state, ownId);
    },
    resume(client, requestId, proceed) {
      const ownId = client.inFlight.get(requestId);
      if (ownId !== undefined) resumeCall(state, ownId, proceed);
    },
    answer: (client, response) => state.questions.answer(client, response),
    notify: (client, notification) => takeNotice(state, client, notification),
    attend: state.attended.add,
    watch(watcher) {
      watchers.add(watcher);
      return () => watchers.delete(watcher);
    },
    raiseLogLevel(level) {
      if (!isLogLevel(level) || !isDeclared(catalog.initialize() ?? {}, 'logging')) return;
      if (!levels.raise(level) || !peer.isUp()) return;
      peer.request('logging/setLevel', { level }).catch(() => undefined);
    },
    wake() {
      if (subscriptions.uris().length > 0) peer.ready().catch(() => undefined);
    },
    report: () => ({
      pid: peer.pid(),
      state: peer.state(),
      restarts: peer.restarts(),
      calls: state.calls,
      lastError: peer.lastError(),
    }),
    sweep: () => sweep(state),
    renew() {
      if (state.pending.size > 0) state.isStale = true;
      else restart(state);
    },
    onClose(listener) {
      if (closed.signal.aborted) listener();
      else closed.signal.addEventListener('abort', listener, { once: true });
    },
    close() {
      const gone = peer.close();
      closed.abort();
      return gone;
    },
  };
}
