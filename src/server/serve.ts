import { randomUUID } from 'node:crypto';
import { ensureCertificate, type Certificates } from '../certificate/ensure.ts';
import type { Config } from '../config.ts';
import type { StatusReport } from '../control.ts';
import { type Handler, type Routes, respondJson } from '../exchange.ts';
import { ensurePrivateDirectory } from '../files.ts';
import { API_LEVEL, type Health } from '../health.ts';
import { limits } from '../limits.ts';
import type { Log } from '../log.ts';
import { createCodeServer } from '../mcp/code-server.ts';
import { createMcp } from '../mcp/legs.ts';
import { createAuthorizationServer } from '../oauth/authorization-server.ts';
import type { Paths } from '../paths.ts';
import { bootId, processStart, type State } from '../state.ts';
import { openStore } from '../store/store.ts';
import { VERSION } from '../version.ts';
import { createControl } from './control.ts';
import type { Engine, Listener } from './engine.ts';
import { createGate } from './gates.ts';
import { startHeartbeat } from './heartbeat.ts';
import { watchIdle } from './idle.ts';
import { ensureOwnerSecret } from './owner-secret.ts';
import { takeOwnership } from './ownership.ts';
import { createRouter } from './router.ts';

export interface Bound {
  readonly listener: Listener;
  /** Replaces what answers; until the first call every request gets 503. */
  answerWith(handler: Handler): void;
}

const starting: Handler = (exchange) =>
  respondJson(exchange, 503, { error: 'temporarily_unavailable' }, { 'retry-after': '1' });

/**
 * Takes the port: of all daemons that try, one gets it (design 3: the bound port is the lock). Nothing else of
 * the daemon is opened before. Throws `PORT_TAKEN`.
 */
export async function bindPort(
  engine: Engine,
  options: { host: string; port: number; paths: Paths; log: Log },
): Promise<Bound> {
  let answer = starting;
  const listener = await engine.listen({
    host: options.host,
    port: options.port,
    credentialsFile: options.paths.identity,
    handle: (exchange) => answer(exchange),
    onFault: (error) => options.log.error('server.fault', { error: String(error) }),
  });
  return {
    listener,
    answerWith(handler) {
      answer = handler;
    },
  };
}

export interface ServeOptions {
  config: Config;
  paths: Paths;
  log: Log;
  engine: Engine;
  bound: Bound;
  certificates: Certificates;
  startedBy: StatusReport['startedBy'];
}

export interface Daemon {
  readonly health: Health;
  readonly url: string;
  /** Resolves with the reason once the daemon has ended, all streams closed and every write flushed. */
  readonly ended: Promise<string>;
  /** Ends it: stops listening, lets open exchanges finish for `limits.drainMs`, then cuts them. */
  stop(reason: string): void;
}

function allowedHosts(config: Config, port: number): string[] {
  const names = new Set(['127.0.0.1', 'localhost', ...config.hostnames]);
  const isIpv6 = config.host.includes(':');
  if (isIpv6) names.add('[::1]');
  if (config.host !== '0.0.0.0' && config.host !== '::') names.add(isIpv6 ? `[${config.host}]` : config.host);
  return [...names].map((name) => `${name}:${port}`);
}

/** Composes the daemon behind a port it holds: authorization server, MCP, control plane, health, housekeeping. */
export async function serve(options: ServeOptions): Promise<Daemon> {
  const { config, paths, log, engine, bound, startedBy } = options;
  const { listener } = bound;
  const { port } = listener;
  const url = `https://127.0.0.1:${port}`;
  const hosts = allowedHosts(config, port);
  let certificate = options.certificates.report;

  const health: Health = {
    name: 'claude-secure',
    version: VERSION,
    apiLevel: API_LEVEL,
    instanceId: randomUUID(),
    pid: process.pid,
    startedAt: new Date().toISOString(),
    engine: engine.name,
  };
  const isOwner = ensureOwnerSecret(paths.ownerSecret);
  ensurePrivateDirectory(paths.store);
  const store = await openStore(paths.store, log);
  const oauth = await createAuthorizationServer({
    issuer: url,
    hosts,
    records: store,
    signingKeysFile: paths.signingKeys,
    log,
  });
  const mcp = createMcp({
    authenticate: oauth.authenticate,
    upstream: createCodeServer((workspace) => ({
      version: VERSION,
      engine: engine.name,
      uptimeSeconds: Math.floor(process.uptime()),
      certificate: {
        notAfter: certificate.notAfter,
        daysLeft: certificate.daysLeft,
        serverSha256: certificate.serverSha256,
      },
      sessions: mcp.sessions(),
      workspace,
    })),
    log,
  });
  const idle = watchIdle(config.idleMs, listener.connections);

  const state: State = {
    instanceId: health.instanceId,
    pid: process.pid,
    procStart: processStart(process.pid) ?? '',
    bootId: bootId(),
    port,
    version: VERSION,
    apiLevel: API_LEVEL,
    rootSha256: certificate.rootSha256,
    startedAt: health.startedAt,
    startedBy,
  };
  const ownership = takeOwnership({ stateFile: paths.state, authorityFile: paths.authority, state });

  let resolveEnded: (reason: string) => void;
  const ended = new Promise<string>((resolve) => {
    resolveEnded = resolve;
  });
  let stopping = false;

  async function shutDown(reason: string): Promise<void> {
    log.info('daemon.stopping', { reason });
    heartbeat.stop();
    mcp.close();
    await listener.close();
    await oauth.close();
    await store.close();
    ownership.release();
    log.info('daemon.stopped', { reason });
    resolveEnded(reason);
  }

  function stop(reason: string): void {
    if (stopping) return;
    stopping = true;
    shutDown(reason).catch((error: unknown) => {
      log.error('daemon.stop-failed', { error: String(error) });
      resolveEnded(reason);
    });
  }

  /** Renews when due and serves what now stands on disk; a swap that fails ends the daemon (design 8). */
  async function refreshCertificate(): Promise<void> {
    const { report, outcome, reason } = await ensureCertificate(paths, { hostnames: config.hostnames });
    if (report.serverSha256 === certificate.serverSha256) return;
    try {
      await listener.swapCredentials();
    } catch (error) {
      log.error('certificate.swap-failed', { error: String(error) });
      stop('the certificate could not be swapped');
      return;
    }
    certificate = report;
    log.info('certificate.swapped', { outcome, reason, serverSha256: report.serverSha256 });
  }

  function checkOwnership(): void {
    const lost = ownership.lost();
    if (lost) stop(lost);
  }

  const heartbeat = startHeartbeat(Math.min(limits.heartbeatMs, (config.idleMs || Number.POSITIVE_INFINITY) / 4), {
    each() {
      if (idle.remainingMs() === 0) stop('idle');
      checkOwnership();
    },
    minutely: () => oauth.purge(),
    hourly() {
      refreshCertificate().catch((error: unknown) => log.error('certificate.failed', { error: String(error) }));
    },
  });

  const status = (): StatusReport => ({
    version: VERSION,
    pid: process.pid,
    startedAt: health.startedAt,
    startedBy,
    url,
    engine: engine.name,
    engineReason: engine.reason,
    connections: listener.connections(),
    sessions: mcp.sessions(),
    clients: oauth.clients().length,
    pendingConsents: oauth.pending().length,
    certificate,
    log: paths.daemonLog,
    idleEndsInMs: idle.remainingMs(),
  });

  const control = createControl({
    isOwner,
    log,
    handlers: {
      status,
      mint: ({ workspace }) => oauth.mint({ workspace }),
      shutdown({ instanceId, onlyIfIdle }) {
        // One connection is the asker's own.
        const busy = listener.connections() > 1;
        if (instanceId !== health.instanceId || (onlyIfIdle && busy)) return { stopping: false, busy };
        setImmediate(() => stop('asked to'));
        return { stopping: true, busy };
      },
      async reload() {
        await refreshCertificate();
        return { serverSha256: certificate.serverSha256 };
      },
      pending: () => ({ pending: oauth.pending() }),
      approve: async ({ code, approve }) => ({ done: await oauth.resolve(code, approve) }),
      clients: () => ({ clients: oauth.clients() }),
      revoke: async ({ clientId }) => ({ revoked: await oauth.revokeClient(clientId) }),
    },
  });

  const healthRoute: Routes = {
    '/health': {
      GET(exchange) {
        checkOwnership();
        respondJson(exchange, 200, { status: 'ok', ...health });
      },
    },
  };
  const pass = createGate({ hosts });
  const route = createRouter({ ...healthRoute, ...oauth.routes, ...mcp.routes, ...control });
  bound.answerWith((exchange) => {
    idle.touch();
    return pass(exchange) ? route(exchange) : undefined;
  });
  log.info('daemon.started', { version: VERSION, pid: process.pid, port, engine: engine.name });
  return { health, url, ended, stop };
}
