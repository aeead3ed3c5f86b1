import type { Routes } from '../exchange.ts';
import { limits } from '../limits.ts';
import type { Log } from '../log.ts';
import { createOpenStreams } from './open-streams.ts';
import type { Authenticate } from './receive.ts';
import { createRelay } from './relay.ts';
import { createSessions } from './sessions.ts';
import { createSse } from './sse.ts';
import { createStreamableHttp } from './streamable-http.ts';
import type { Upstream } from './upstream.ts';

export interface McpOptions {
  readonly authenticate: Authenticate;
  readonly upstream: Upstream;
  readonly log: Log;
  /** A monotonic clock in milliseconds. */
  readonly now?: () => number;
}

export interface Mcp {
  /** `/mcp` (Streamable HTTP), `/mcp/sse` and `/mcp/messages` (HTTP+SSE). */
  readonly routes: Routes;
  /** How many sessions are open. */
  sessions(): number;
  /** Ends every session and stream, and the upstream. */
  close(): void;
}

/** The MCP transports before one upstream, which is started by the first client. */
export function createMcp(options: McpOptions): Mcp {
  const { authenticate, upstream, log, now = () => performance.now() } = options;
  const relay = createRelay({ upstream, log, broadcast: (message) => sessions.broadcast(message) });
  const sessions = createSessions(({ leg, grantId, inFlight }) => {
    relay.cancelAll(inFlight);
    log.info('mcp.session.ended', { leg, grant: grantId });
  }, now);
  const streams = createOpenStreams();
  const legs = { authenticate, relay, sessions, streams, log };
  const http = createStreamableHttp(legs);
  const sse = createSse(legs);
  const timer = setInterval(() => {
    streams.keepAlive();
    sessions.sweep();
  }, limits.sseKeepAliveMs).unref();

  return {
    routes: {
      '/mcp': { POST: http.post, GET: http.get, DELETE: http.remove },
      '/mcp/sse': { GET: sse.connect },
      '/mcp/messages': { POST: sse.post },
    },
    sessions: sessions.count,
    close() {
      clearInterval(timer);
      sessions.endAll();
      streams.endAll();
      relay.close();
    },
  };
}
