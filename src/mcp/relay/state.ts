import { isObject } from '../../json-object.ts';
import { limits } from '../../limits.ts';
import type { Log } from '../../log.ts';
import type { Client } from '../client.ts';
import type { JsonRpcMessage, JsonRpcNotification, JsonRpcRequest } from '../json-rpc.ts';
import type { Traffic } from '../traffic.ts';
import type { AttendedGrants } from './attended-grants.ts';
import type { Catalog } from './catalog.ts';
import type { LogLevels } from './log-levels.ts';
import type { Peer } from './peer.ts';
import type { PendingCalls } from './pending-calls.ts';
import type { Questions } from './questions.ts';
import type { RecentGrants } from './recent-grants.ts';
import type { Subscriptions } from './subscriptions.ts';
import type { TaskOwners } from './task-owners.ts';
import type { Turns } from './turns.ts';

/** A question that came while several calls were under way, or none yet: it waits until one of them is left. */
export interface HeldQuestion {
  readonly question: JsonRpcRequest;
  readonly untilMs: number;
}

/** What the parts of one relay work on. */
export interface RelayState {
  readonly name: string;
  readonly log: Log;
  readonly peer: Peer;
  readonly pending: PendingCalls;
  readonly turns: Turns;
  readonly questions: Questions;
  readonly subscriptions: Subscriptions;
  readonly levels: LogLevels;
  readonly owners: TaskOwners;
  readonly catalog: Catalog;
  readonly traffic: Traffic;
  /** The sessions; a stateless request is none. */
  readonly clients: Set<Client>;
  /** Streams of stateless clients that wait for changes. */
  readonly watchers: Set<(change: JsonRpcNotification) => void>;
  /** Who was sent to which page by the server (elicitation of mode `url`). */
  readonly elicitations: Map<unknown, Client>;
  /** Calls without a session that wait for their clients to come back, and what ends the turn of each. */
  readonly parked: Map<number, NodeJS.Timeout>;
  readonly attended: AttendedGrants;
  /** Whose calls have ended lately. */
  readonly served: RecentGrants;
  /** Whose calls were cancelled lately: the server may go on with them. */
  readonly cancelled: RecentGrants;
  readonly held: Set<HeldQuestion>;
  /** Whether one client has the server for itself: nothing of it is anybody else's. */
  readonly isExclusive: boolean;
  nowMs(): number;
  calls: number;
  usedMs: number;
  /** The lists that clients were given while the server did not run. */
  readonly unchecked: Set<string>;
  /** Whether clients may have seen an earlier process of it. */
  isKnown: boolean;
  /** Whether no call was sent to this process yet: what it asks, its start has caused. */
  isFresh: boolean;
  /** Its definition has changed: it is started again once nobody waits for an answer. */
  isStale: boolean;
}

/** Beyond so many the oldest page is forgotten. */
const MAX_ELICITATIONS = 1_000;

/** Remembers who was sent to a page, for the server tells when that is done (2025-11-25 elicitation, L398). */
export function noteElicitation({ elicitations }: RelayState, client: Client, params: unknown): void {
  const id = isObject(params) ? params.elicitationId : undefined;
  if (typeof id !== 'string' || id.length > limits.upstreamIdLength) return;
  elicitations.set(id, client);
  const [oldest] = elicitations.keys();
  if (oldest !== undefined && elicitations.size > MAX_ELICITATIONS) elicitations.delete(oldest);
}

/** Says something to the server and writes it down. */
export function sayToServer(state: RelayState, message: JsonRpcMessage): void {
  const bytes = state.peer.send(message);
  const isNotification = 'method' in message && !('id' in message);
  state.traffic.record({
    direction: 'to-server',
    kind: isNotification ? 'notification' : 'response',
    method: 'method' in message ? message.method : 'answer',
    bytes,
    message,
  });
}
