import type { Caller } from '../caller.ts';
import type { ResponseStream } from '../exchange.ts';
import type { JsonObject } from '../json-object.ts';
import { limits } from '../limits.ts';
import type { Client } from './client.ts';
import type { Endpoint } from './endpoint.ts';
import type { EventLog, LoggedStream } from './event-log.ts';
import type { SessionJournal } from './journal.ts';
import type { Relay } from './relay/relay.ts';

interface SessionBase extends Client {
  /** 256 random bits. A name, not a credential: every request also needs a token of the same grant. */
  readonly id: string;
  readonly endpoint: Endpoint;
  capabilities: JsonObject;
  /** Undefined until the client has initialized. */
  protocolVersion: string | undefined;
  /** When the session was last found in use, on the monotonic clock of its table. */
  usedMs: number;
}

/** A session of Streamable HTTP. */
export interface HttpSession extends SessionBase {
  readonly leg: 'http';
  readonly relay: Relay;
  readonly journal: SessionJournal;
  readonly log: EventLog;
  /** The client's GET stream, which takes what belongs to no request. */
  standalone: LoggedStream | undefined;
  /** Takes a new GET stream. */
  listen(stream: LoggedStream): void;
  /** Makes an event stream of each answer that is still to come as plain JSON. */
  readonly unstreamed: Set<() => void>;
  /** Writes down what the next daemon has to know. */
  save(): void;
}

/** A session of the 2024-11-05 transport: it lives as long as its stream. */
export interface SseSession extends SessionBase {
  readonly leg: 'sse';
  /** Undefined until the client has initialized. */
  relay: Relay | undefined;
  /** Whether its server is being started. */
  isBeginning: boolean;
  readonly stream: ResponseStream;
}

export type Session = HttpSession | SseSession;
type Leg = Session['leg'];
type SessionOf<L extends Leg> = Extract<Session, { leg: L }>;

/** What sessions of both transports begin with. */
export function createSessionBase(
  named: Pick<SessionBase, 'id' | 'grantId' | 'endpoint'>,
): Omit<SessionBase, 'tell' | 'isListening'> {
  return { ...named, inFlight: new Map(), capabilities: {}, protocolVersion: undefined, usedMs: 0 };
}

export interface Sessions {
  /**
   * Makes room for one more session; else the HTTP status that says why: 429 the grant has too many at this endpoint,
   * 503 all together.
   */
  makeRoom(grantId: string, endpoint: Endpoint): 429 | 503 | undefined;
  /** Keeps that room while the session's server starts; the result gives it back. */
  reserve(grantId: string, endpoint: Endpoint): () => void;
  add<S extends Session>(session: S): S;
  /** The session, if it is the caller's and this endpoint's: for another grant it does not exist (R48). */
  find<L extends Leg>(wanted: Wanted<L>, caller: Caller): SessionOf<L> | undefined;
  end(session: Session): void;
  /** Ends the sessions that were idle for `limits.sessionIdleMs`. */
  sweep(): void;
  /** Ends the sessions of an endpoint that is no more. */
  endAt(endpoint: Endpoint): void;
  /** Ends the sessions of a grant that is no more. */
  endGrant(grantId: string): void;
  /** The daemon ends: sessions of Streamable HTTP go on in the next one. */
  suspendAll(): void;
  count(): number;
}

export interface Wanted<L extends Leg> {
  readonly leg: L;
  readonly id: string;
  readonly endpoint: Endpoint;
}

/** `onEnd` sees each session once, whatever ended it. `nowMs` is monotonic. */
export function createSessions(onEnd: (session: Session) => void, nowMs: () => number): Sessions {
  const sessions = new Map<string, Session>();
  const reserved = new Set<Pick<Session, 'grantId' | 'endpoint'>>();

  /** Being busy is being used: idle time counts from when a call or stream ended. */
  function isExpired(session: Session): boolean {
    if (isBusy(session)) session.usedMs = nowMs();
    return nowMs() - session.usedMs > limits.sessionIdleMs;
  }

  function end(session: Session): void {
    if (!sessions.delete(session.id)) return;
    onEnd(session);
    if (session.leg === 'sse') {
      session.stream.end();
    } else {
      session.log.close();
      session.journal.remove();
    }
  }

  return {
    makeRoom(grantId, endpoint) {
      const isSibling = (one: Pick<Session, 'grantId' | 'endpoint'>): boolean =>
        one.grantId === grantId && one.endpoint === endpoint;
      const siblings = [...sessions.values()].filter(isSibling);
      if (siblings.length + [...reserved].filter(isSibling).length >= limits.sessionsPerGrant) {
        // Many clients never say goodbye, so the longest unused one gives way; it gets 404 and starts anew.
        const oldest = siblings.filter((session) => !isBusy(session)).sort((a, b) => a.usedMs - b.usedMs)[0];
        if (!oldest) return 429;
        end(oldest);
      }
      return sessions.size + reserved.size >= limits.sessions ? 503 : undefined;
    },
    reserve(grantId, endpoint) {
      const place = { grantId, endpoint };
      reserved.add(place);
      return () => reserved.delete(place);
    },
    add(session) {
      session.usedMs = nowMs();
      sessions.set(session.id, session);
      return session;
    },
    find<L extends Leg>({ leg, id, endpoint }: Wanted<L>, caller: Caller) {
      const session = sessions.get(id);
      if (session?.leg !== leg || session.endpoint !== endpoint) return undefined;
      if (session.grantId !== caller.grantId) return undefined;
      if (isExpired(session)) {
        end(session);
        return undefined;
      }
      session.usedMs = nowMs();
      return session as SessionOf<L>;
    },
    end,
    sweep() {
      for (const session of sessions.values()) if (isExpired(session)) end(session);
    },
    endAt(endpoint) {
      for (const session of sessions.values()) if (session.endpoint === endpoint) end(session);
    },
    endGrant(grantId) {
      for (const session of sessions.values()) if (session.grantId === grantId) end(session);
    },
    suspendAll() {
      for (const session of sessions.values()) {
        if (session.leg === 'sse') end(session);
        else suspend(session);
      }
      sessions.clear();
    },
    count: () => sessions.size,
  };
}

/** Whoever waits for an answer gets an event id, by which the next daemon finds the session's stream again. */
function suspend({ unstreamed, save, log }: HttpSession): void {
  for (const stream of [...unstreamed]) stream();
  save();
  log.close();
}

const isBusy = (session: Session): boolean =>
  session.inFlight.size > 0 || (session.leg === 'http' ? session.log.isRead() : !session.stream.closed);
