import { randomUUID } from 'node:crypto';
import type { Certificates } from '../certificate/ensure.ts';
import type { Config } from '../config.ts';
import type { StatusReport } from '../control.ts';
import { respondJson } from '../exchange.ts';
import { API_LEVEL, type Health } from '../health.ts';
import { limits } from '../limits.ts';
import type { Log } from '../log.ts';
import { createCodeServer } from '../mcp/code-server.ts';
import { createMcp, type Mcp } from '../mcp/legs.ts';
import { type AuthorizationServer, createAuthorizationServer } from '../oauth/authorization-server.ts';
import type { Paths } from '../paths.ts';
import { bootId, processStart, type State } from '../state.ts';
import { openStore, type Store } from '../store/store.ts';
import { VERSION } from '../version.ts';
import { allowedHosts } from './allowed-hosts.ts';
import type { Bound } from './bind.ts';
import { createControl } from './control.ts';
import { createControlHandlers } from './control-handlers.ts';
import { createEnding, type Ending } from './ending.ts';
import { createGate } from './gates.ts';
import { startHeartbeat } from './heartbeat.ts';
import { type IdleWatch, watchIdle } from './idle.ts';
import { ensureOwnerSecret } from './owner-secret.ts';
import { takeOwnership } from './ownership.ts';
import { createRouter } from './router.ts';
import { type ServedCertificate, serveCertificate } from './served-certificate.ts';

export interface ServeOptions {
  config: Config;
  paths: Paths;
  log: Log;
  bound: Bound;
  certificates: Certificates;
  startedBy: StatusReport['startedBy'];
}

export interface Daemon extends Ending {
  readonly url: string;
}

/** The parts that the daemon's answers are made of. */
interface Parts extends ServeOptions {
  url: string;
  health: Health;
  certificate: ServedCertificate;
  idle: IdleWatch;
  store: Store;
  oauth: AuthorizationServer;
  mcp: Mcp;
}

/** Whoever asks for the status holds a connection too, and does not want to hear of it. */
const OWN_CONNECTION = 1;

function createState({ health, bound, certificate, startedBy }: Parts): State {
  return {
    instanceId: health.instanceId,
    pid: health.pid,
    procStart: processStart(health.pid) ?? '',
    bootId: bootId(),
    port: bound.listener.port,
    version: VERSION,
    apiLevel: API_LEVEL,
    rootSha256: certificate.report().rootSha256,
    startedAt: health.startedAt,
    startedBy,
  };
}

function createStatus({
  url,
  health,
  startedBy,
  bound,
  certificate,
  idle,
  oauth,
  mcp,
  paths,
}: Parts): StatusReport {
  return {
    version: VERSION,
    pid: health.pid,
    startedAt: health.startedAt,
    startedBy,
    url,
    engine: bound.engine.name,
    engineReason: bound.engine.reason,
    connections: bound.listener.connections() - OWN_CONNECTION,
    sessions: mcp.sessions(),
    clients: oauth.clients().length,
    pendingConsents: oauth.pending().length,
    certificate: certificate.report(),
    log: paths.daemonLog,
    idleEndsInMs: idle.remainingMs(OWN_CONNECTION),
  };
}

async function createParts(options: ServeOptions): Promise<Parts> {
  const { config, paths, log, bound } = options;
  const { engine, listener } = bound;
  const url = `https://127.0.0.1:${listener.port}`;
  const certificate = serveCertificate(options.certificates, {
    paths,
    hostnames: config.hostnames,
    listener,
    log,
  });
  const store = await openStore(paths.store, log);
  const oauth = await createAuthorizationServer({
    issuer: url,
    hosts: allowedHosts(config, listener.port),
    records: store,
    signingKeysFile: paths.signingKeys,
    log,
  }).catch(async (error: unknown) => {
    await store.close();
    throw error;
  });
  const code = createCodeServer((workspace) => {
    const { notAfter, daysLeft, serverSha256 } = certificate.report();
    return {
      version: VERSION,
      engine: engine.name,
      uptimeSeconds: Math.floor(process.uptime()),
      certificate: { notAfter, daysLeft, serverSha256 },
      sessions: mcp.sessions(),
      workspace,
    };
  });
  const mcp = createMcp({ authenticate: oauth.authenticate, upstream: code, log });
  const health: Health = {
    name: 'claude-secure',
    version: VERSION,
    apiLevel: API_LEVEL,
    instanceId: randomUUID(),
    pid: process.pid,
    startedAt: new Date().toISOString(),
    engine: engine.name,
  };
  const idle = watchIdle(config.idleMs, listener.connections);
  return { ...options, url, health, certificate, idle, store, oauth, mcp };
}

/** Composes the daemon behind a port it holds: authorization server, MCP, control plane, health, housekeeping. */
export async function serve(options: ServeOptions): Promise<Daemon> {
  const { config, paths, log, bound } = options;
  const { listener } = bound;
  const isOwner = ensureOwnerSecret(paths.ownerSecret);
  const parts = await createParts(options);
  const { url, health, certificate, idle, store, oauth, mcp } = parts;

  const ownership = takeOwnership({
    stateFile: paths.state,
    authorityFile: paths.authority,
    state: createState(parts),
  });
  const checkOwnership = (): void => {
    const lost = ownership.lost();
    if (lost) stop(lost);
  };
  const heartbeat = startHeartbeat(
    Math.min(limits.heartbeatMs, (config.idleMs || Number.POSITIVE_INFINITY) / 4),
    {
      each() {
        checkOwnership();
        if (idle.remainingMs() === 0) stop('idle');
      },
      hourly() {
        certificate.refresh().catch((error: unknown) => {
          log.error('certificate.failed', { error: String(error) });
          stop('the certificate could not be renewed or swapped');
        });
      },
    },
  );
  const { ended, stop } = createEnding(log, [
    heartbeat.stop,
    mcp.close,
    listener.close,
    oauth.close,
    store.close,
    ownership.release,
  ]);

  const route = createRouter({
    '/health': {
      GET(exchange) {
        checkOwnership();
        respondJson(exchange, 200, { status: 'ok', ...health });
      },
    },
    ...oauth.routes,
    ...mcp.routes,
    ...createControl({
      isOwner,
      log,
      handlers: createControlHandlers({
        health,
        listener,
        oauth,
        certificate,
        stop,
        status: () => createStatus(parts),
      }),
    }),
  });
  const pass = createGate({ hosts: allowedHosts(config, listener.port) });
  bound.answerWith((exchange) => {
    idle.touch();
    return pass(exchange) ? route(exchange) : undefined;
  });
  log.info('daemon.started', {
    version: VERSION,
    pid: health.pid,
    port: listener.port,
    engine: health.engine,
  });
  return { url, ended, stop };
}
