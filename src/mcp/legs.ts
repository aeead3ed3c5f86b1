import { setImmediate as nextTurn } from 'node:timers/promises';
import type { UpstreamReport } from '../control.ts';
import type { Handler } from '../exchange.ts';
import { limits } from '../limits.ts';
import type { Log } from '../log.ts';
import type { UpstreamDefinition } from '../upstreams.ts';
import type { Catalogs } from './catalogs.ts';
import { createCodeEndpoint } from './code-endpoint.ts';
import type { Endpoint } from './endpoint.ts';
import { createEndpoints } from './endpoints.ts';
import type { StartUpstream } from './gateway.ts';
import type { Journal } from './journal.ts';
import { createOpenBodies } from './open-bodies.ts';
import { createOpenStreams } from './open-streams.ts';
import type { Authenticate } from './receive.ts';
import { restoreSessions } from './restore-sessions.ts';
import type { RestoredSession } from './restored-sessions.ts';
import { createSessions, type Session } from './sessions.ts';
import { createSse, messagesPath } from './sse.ts';
import { createStateless } from './stateless/stateless.ts';
import { createStreamableHttp } from './streamable-http.ts';
import type { Traffic } from './traffic.ts';
import type { Upstream } from './upstream.ts';

export interface McpOptions {
  readonly authenticate: Authenticate;
  /** Our own server. */
  readonly code: Upstream;
  readonly startUpstream: StartUpstream;
  readonly catalogs: Catalogs;
  readonly journal: Journal;
  readonly log: Log;
  /** A monotonic clock in milliseconds. */
  readonly now?: () => number;
}

type Handlers = Readonly<Record<string, Handler>>;

export interface Mcp {
  /**
   * What answers at a path: `/mcp` for our own server and `/mcp/<name>` for an upstream (Streamable HTTP), with `/sse`
   * and `/messages` below each (HTTP+SSE).
   */
  handlersAt(path: string): Handlers | undefined;
  /** Replaces the upstreams: nothing happens to those that stay as they are. */
  define(definitions: readonly UpstreamDefinition[]): void;
  /** Brings the sessions of the last daemon back, once their upstreams are defined. */
  restore(found: readonly RestoredSession[]): void;
  /** A grant has ended: so do its sessions, its calls, and the processes that it had for itself. */
  endGrant(grantId: string): void;
  upstreams(): UpstreamReport[];
  /** What goes through a server; undefined for one that there is not. */
  traffic(name: string): Traffic | undefined;
  /** How many sessions are open. */
  sessions(): number;
  /** Ends every stream, and the upstreams; resolves when these are gone and all is written down. */
  close(): Promise<void>;
}

/** The paths of one endpoint, and what answers there. */
function routesOf(endpoint: Endpoint, legs: Omit<Parameters<typeof createStreamableHttp>[0], 'endpoint'>) {
  const http = createStreamableHttp({ ...legs, endpoint });
  const sse = createSse({ ...legs, endpoint });
  return new Map<string, Handlers>([
    [endpoint.path, { POST: http.post, GET: http.get, DELETE: http.remove }],
    [`${endpoint.path}/sse`, { GET: sse.connect }],
    [messagesPath(endpoint), { POST: sse.post }],
  ]);
}

function endSession(session: Session, log: Log): void {
  const { endpoint, relay, leg, grantId } = session;
  relay?.detach(session);
  if (relay) endpoint.release(relay);
  log.info('mcp.session.ended', { server: endpoint.name, leg, grant: grantId });
}

/** The MCP transports before our own server and the upstreams, each of which is started by its first client. */
export function createMcp(options: McpOptions): Mcp {
  const { authenticate, journal, log, now = () => performance.now() } = options;
  const streams = createOpenStreams();
  const stateless = createStateless({ streams, log, nowMs: now });
  const sessions = createSessions((session) => endSession(session, log), now);
  const budget = { bytes: 0 };
  const bodies = createOpenBodies();
  const legs = { authenticate, bodies, sessions, streams, log, stateless, journal, budget };
  const routes = new Map<Endpoint, Map<string, Handlers>>();
  const mount = (endpoint: Endpoint) => routes.set(endpoint, routesOf(endpoint, legs));
  let sequence = 0;
  const shared = { ...options, nowMs: now, nextSequence: () => ++sequence };
  const code = createCodeEndpoint(shared);
  mount(code);
  const endpoints = createEndpoints({
    ...shared,
    onAdded: mount,
    onRemoved(endpoint) {
      routes.delete(endpoint);
      sessions.endAt(endpoint);
    },
  });
  const timer = setInterval(() => {
    streams.keepAlive();
    sessions.sweep();
    endpoints.sweep();
  }, limits.sseKeepAliveMs).unref();

  return {
    handlersAt(path) {
      for (const paths of routes.values()) if (paths.has(path)) return paths.get(path);
      return undefined;
    },
    define: endpoints.define,
    restore(found) {
      const findEndpoint = (name: string) => (name === code.name ? code : endpoints.find(name));
      restoreSessions(found, { journal, sessions, budget, findEndpoint });
    },
    endGrant(grantId) {
      sessions.endGrant(grantId);
      stateless.endGrant(grantId);
      endpoints.endGrant(grantId);
    },
    upstreams: endpoints.report,
    traffic: (name) => (name === code.name ? code : endpoints.find(name))?.traffic,
    sessions: sessions.count,
    async close() {
      clearInterval(timer);
      sessions.suspendAll();
      stateless.close();
      const gone = Promise.all([code.close(), endpoints.close()]);
      // What stateless clients hear last is on its way then.
      await nextTurn();
      streams.endAll();
      await Promise.all([gone, journal.settled()]);
    },
  };
}
