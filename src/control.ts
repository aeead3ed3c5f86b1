import type { Sharing } from './upstreams.ts';

/**
 * The control plane, agreed between the owner's commands and the daemon: `POST /control/<action>` with a JSON
 * body on the daemon's own port, the owner secret in a header. A request with an `Origin` is refused.
 */
export const OWNER_HEADER = 'x-claude-secure-owner';

export interface PendingConsent {
  readonly code: string;
  readonly clientName: string;
  readonly clientId: string;
  readonly redirectUri: string;
  readonly scopes: readonly string[];
  readonly resource: string;
  /** ISO 8601. */
  readonly expiresAt: string;
}

export interface ClientReport {
  readonly clientId: string;
  readonly clientName: string;
  /** `launcher` for the client behind `claude-secure` itself. */
  readonly kind: 'launcher' | 'registered';
  readonly grants: number;
  /** ISO 8601. */
  readonly registeredAt: string;
  readonly lastUsedAt: string | undefined;
}

export interface CertificateReport {
  readonly rootSha256: string;
  readonly serverSha256: string;
  readonly names: readonly string[];
  /** ISO 8601. */
  readonly notAfter: string;
  readonly rootNotAfter: string;
  readonly daysLeft: number;
}

export type UpstreamState = 'stopped' | 'starting' | 'running' | 'waiting' | 'disabled';

export interface UpstreamReport {
  readonly name: string;
  readonly sharing: Sharing;
  /** Of its processes the best: `waiting` is between a crash and the next start. */
  readonly state: UpstreamState;
  readonly processes: readonly {
    readonly pid: number | undefined;
    readonly state: UpstreamState;
    /** The project directory of a per-workspace process. */
    readonly workspace: string | undefined;
  }[];
  readonly restarts: number;
  readonly calls: number;
  /** One line, without credentials; undefined while nothing went wrong. */
  readonly lastError: string | undefined;
}

export interface UpstreamsReport {
  readonly upstreams: readonly UpstreamReport[];
  /** What is wrong with upstreams.json, and where; the last good one is in force then. */
  readonly problem: string | undefined;
}

/** One message between a client and an upstream. */
export interface TrafficEntry {
  /** Grows by one with every entry of the daemon. */
  readonly sequence: number;
  /** ISO 8601. */
  readonly time: string;
  /** `to-server` is from a client to the upstream. */
  readonly direction: 'to-server' | 'to-client';
  readonly kind: 'request' | 'response' | 'notification';
  readonly method: string;
  /** The tool, prompt or resource that a request names. */
  readonly target: string | undefined;
  /** From request to response; of a response only. */
  readonly ms: number | undefined;
  /** As JSON; undefined where it was never text. */
  readonly bytes: number | undefined;
  /** `ok`, `tool error`, `error -32602`, `cancelled`; of a response only. */
  readonly outcome: string | undefined;
  /** The message, only where the follower asked for bodies. */
  readonly body: string | undefined;
}

export interface StatusReport extends UpstreamsReport {
  readonly version: string;
  readonly pid: number;
  readonly startedAt: string;
  readonly startedBy: { readonly label: string; readonly cwd: string; readonly pid: number };
  readonly url: string;
  readonly engine: 'uws' | 'https';
  /** Why this engine was taken. */
  readonly engineReason: string;
  readonly connections: number;
  readonly sessions: number;
  /** Those that hold access; whoever only asked for it does not count. */
  readonly clients: number;
  readonly pendingConsents: number;
  readonly certificate: CertificateReport;
  readonly log: string;
  /** Milliseconds until the daemon ends if nothing connects; undefined while something is open or it never does. */
  readonly idleEndsInMs: number | undefined;
}

/** What comes with 503: the daemon knows why it cannot do it now, and what the owner can do. */
export interface ControlFailure {
  readonly error_description: string;
  readonly hint: string;
}

/** Every action: what is sent and what comes back. */
export interface ControlActions {
  status: { request: Record<string, never>; response: StatusReport };
  mint: {
    request: { workspace: string; server: string };
    response: { accessToken: string; expiresInSeconds: number };
  };
  shutdown: {
    /** `onlyIfIdle` refuses with `busy: true` while a client holds a connection. */
    request: { instanceId: string; onlyIfIdle: boolean };
    response: { stopping: boolean; busy: boolean };
  };
  /** Reads upstreams.json again if it has changed. */
  upstreams: { request: Record<string, never>; response: UpstreamsReport };
  traffic: {
    /** `after` is the last sequence seen; the answer waits a few seconds for something newer. -1 for what is kept. */
    request: { server: string; after: number; bodies: boolean };
    /** `known` is false for a server that is not there; `more` is true where not all fits into one answer. */
    response: { known: boolean; entries: readonly TrafficEntry[]; last: number; more: boolean };
  };
  reload: { request: Record<string, never>; response: { serverSha256: string } };
  pending: { request: Record<string, never>; response: { pending: readonly PendingConsent[] } };
  approve: { request: { code: string; approve: boolean }; response: { done: boolean } };
  clients: { request: Record<string, never>; response: { clients: readonly ClientReport[] } };
  revoke: { request: { clientId: string }; response: { revoked: boolean } };
}

export type ControlAction = keyof ControlActions;
