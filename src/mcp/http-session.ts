import { isObject, type JsonObject } from '../json-object.ts';
import type { Beginning, Endpoint } from './endpoint.ts';
import { createEventLog } from './event-log.ts';
import type { SessionJournal } from './journal.ts';
import { isRequest, type JsonRpcNotification } from './json-rpc.ts';
import type { Relay } from './relay/relay.ts';
import type { ReplayBudget } from './replay-buffer.ts';
import type { RestoredSession } from './restored-sessions.ts';
import { createSessionBase, type HttpSession } from './sessions.ts';

export interface HttpSessionOptions {
  readonly id: string;
  readonly grantId: string;
  readonly endpoint: Endpoint;
  readonly relay: Relay;
  readonly beginning: Beginning;
  readonly version: string;
  readonly journal: SessionJournal;
  readonly budget: ReplayBudget;
}

/** What the journal knows of a session, so that it goes on behind a restarted daemon. */
interface KeptSession {
  readonly endpoint: string;
  readonly grantId: string;
  readonly version: string;
  readonly workspace: string | undefined;
  readonly params: JsonObject;
  readonly logLevel: string | undefined;
  readonly subscriptions: readonly string[];
}

/** The record, if it is a whole one. */
export function parseKeptSession(record: JsonObject): KeptSession | undefined {
  const { endpoint, grantId, version, workspace, params, logLevel, subscriptions } = record;
  const isWhole =
    [endpoint, grantId, version].every((value) => typeof value === 'string') &&
    [workspace, logLevel].every((value) => value === undefined || typeof value === 'string') &&
    isObject(params) &&
    isObject(params.capabilities) &&
    Array.isArray(subscriptions) &&
    subscriptions.every((uri) => typeof uri === 'string');
  return isWhole ? (record as unknown as KeptSession) : undefined;
}

/** A client opens its stream a moment after its session: what comes before that waits, up to so many. */
const MAX_UNHEARD = 32;

/** A session of Streamable HTTP, new or as the last daemon left it. It is attached to its relay. */
export function createHttpSession(options: HttpSessionOptions, restored?: RestoredSession): HttpSession {
  const { id, grantId, endpoint, relay, beginning, version, journal, budget } = options;
  const unheard: JsonRpcNotification[] = [];
  const log = createEventLog(budget, { journal, restored: restored?.streams });
  const session: HttpSession = {
    ...createSessionBase({ id, grantId, endpoint }),
    leg: 'http',
    relay,
    journal,
    log,
    capabilities: beginning.params.capabilities as JsonObject,
    protocolVersion: version,
    standalone: log.standalone,
    unstreamed: new Set(),
    tell(message) {
      if (session.standalone) session.standalone.send(message);
      else if (!isRequest(message) && unheard.length < MAX_UNHEARD) unheard.push(message);
      return session.standalone !== undefined;
    },
    listen(stream) {
      // A client that lost its connection may be back before we notice: the newer stream takes over.
      session.standalone?.finish();
      session.standalone = stream;
      for (const message of unheard.splice(0)) stream.send(message);
    },
    isListening: log.isRead,
    save() {
      const { workspace, params } = beginning;
      journal.put({
        endpoint: endpoint.name,
        grantId,
        version,
        workspace,
        params,
        ...relay.stateOf(session),
      });
    },
  };
  relay.attach(session, restored && parseKeptSession(restored.record));
  return session;
}
