import { readFileSync } from 'node:fs';
import { Agent } from 'node:https';
import { onTestFinished } from 'vitest';
import { ensureCertificate } from '../../src/certificate/ensure.ts';
import { type Exchange, type Handler, respondJson } from '../../src/exchange.ts';
import { ensurePrivateDirectory } from '../../src/files.ts';
import { type Log, openLog } from '../../src/log.ts';
import { type AuthorizationServer, createAuthorizationServer } from '../../src/oauth/authorization-server.ts';
import type { Paths } from '../../src/paths.ts';
import { chooseEngine } from '../../src/server/choose.ts';
import { createRouter } from '../../src/server/router.ts';
import { openStore, type Store } from '../../src/store/store.ts';
import { createHome } from './home.ts';
import { type HttpsAnswer, httpsRequest } from './https-request.ts';

export interface AppRequest {
  method?: string;
  path: string;
  headers?: Record<string, string | string[]>;
  body?: string | Uint8Array;
}

export interface App {
  readonly port: number;
  readonly issuer: string;
  readonly paths: Paths;
  /** The authorization server that is running now. */
  oauth(): AuthorizationServer;
  request(request: AppRequest): Promise<HttpsAnswer>;
  /** The owner's yes or no to the request under this match code. */
  resolve(code: string, approve: boolean): Promise<boolean>;
  /** Ends the authorization server and its store, and starts them again on the same files and port. */
  restart(): Promise<void>;
  /** What the daemon's log would hold. */
  log(): string;
  /** Sets the wall clock that the authorization server reads, in ms from the real one. */
  shiftClock(byMs: number): void;
  /** The peer that every request seems to come from. */
  pretendPeer(address: string): void;
}

export interface AppOptions {
  engine?: 'uws' | 'https';
  /** Requests share connections: a model sends thousands. */
  keepAlive?: boolean;
}

function underPeer(exchange: Exchange, peer: string | undefined): Exchange {
  return peer === undefined
    ? exchange
    : new Proxy(exchange, {
        get(target, name) {
          if (name === 'peer') return peer;
          const value = Reflect.get(target, name, target);
          return typeof value === 'function' ? value.bind(target) : value;
        },
      });
}

/** Echoes the caller at /mcp, and streams until the token ends at /mcp/stream. */
function resourceRoutes(oauth: AuthorizationServer): Record<string, Record<string, Handler>> {
  const echo: Handler = async (exchange) => {
    const caller = await oauth.authenticate(exchange);
    if (!caller) return;
    const { ended, ...rest } = caller;
    respondJson(exchange, 200, { ...rest, ended: ended.aborted });
  };
  const stream: Handler = async (exchange) => {
    const caller = await oauth.authenticate(exchange);
    if (!caller) return;
    const open = exchange.stream(200, { 'content-type': 'text/event-stream' });
    open.write(': open\n\n');
    caller.ended.addEventListener('abort', () => open.end());
  };
  return { '/mcp': { GET: echo, POST: echo }, '/mcp/stream': { GET: stream } };
}

interface Running {
  store: Store;
  oauth: AuthorizationServer;
  handle: Handler;
}

/** The authorization server on a real engine, a real store and real TLS; gone when the test ends. */
export async function startApp({
  engine: forced = 'https',
  keepAlive = false,
}: AppOptions = {}): Promise<App> {
  const agent = new Agent({ keepAlive });
  const { paths } = createHome();
  const { roots } = await ensureCertificate(paths, { hostnames: [] });
  ensurePrivateDirectory(paths.logs);
  const log: Log = openLog(paths.daemonLog, 'debug');
  let offsetMs = 0;
  let peer: string | undefined;
  let running: Running | undefined;

  const engine = await chooseEngine(forced);
  const listener = await engine.listen({
    host: '127.0.0.1',
    port: 0,
    credentialsFile: paths.identity,
    handle: (exchange) => running?.handle(underPeer(exchange, peer)),
    onFault: (error) => log.error('fault', { reason: String(error) }),
  });
  const { port } = listener;
  const issuer = `https://127.0.0.1:${port}`;

  const createServer = (records: Store): Promise<AuthorizationServer> =>
    createAuthorizationServer({
      issuer,
      hosts: [`127.0.0.1:${port}`, `localhost:${port}`],
      records,
      signingKeysFile: paths.signingKeys,
      log,
      now: () => Date.now() + offsetMs,
    });

  async function start(): Promise<Running> {
    const store = await openStore(paths.store, log);
    try {
      const oauth = await createServer(store);
      return { store, oauth, handle: createRouter({ ...oauth.routes, ...resourceRoutes(oauth) }) };
    } catch (error) {
      await store.close();
      throw error;
    }
  }

  async function stop(): Promise<void> {
    await running?.oauth.close();
    await running?.store.close();
    running = undefined;
  }

  running = await start();
  onTestFinished(async () => {
    agent.destroy();
    await stop();
    await listener.close();
    log.close();
  });

  function oauth(): AuthorizationServer {
    if (!running) throw new Error('the authorization server is stopped');
    return running.oauth;
  }

  return {
    port,
    issuer,
    paths,
    oauth,
    resolve: (code, approve) => oauth().resolve(code, approve),
    request: (request) => httpsRequest({ port, ca: roots, agent, ...request }),
    async restart() {
      await stop();
      running = await start();
    },
    log: () => readFileSync(paths.daemonLog, 'utf8'),
    shiftClock(byMs) {
      offsetMs = byMs;
    },
    pretendPeer(address) {
      peer = address;
    },
  };
}
