import { randomUUID } from 'node:crypto';
import type { Certificates } from '../certificate/ensure.ts';
import type { Config } from '../config.ts';
import type { StatusReport } from '../control.ts';
import { API_LEVEL, type Health } from '../health.ts';
import type { Log } from '../log.ts';
import { readCatalogs } from '../mcp/catalogs.ts';
import { createCodeServer } from '../mcp/code-server.ts';
import { createJournal, type Journal } from '../mcp/journal.ts';
import { createMcp, type Mcp } from '../mcp/legs.ts';
import { createProcessRegistry } from '../mcp/stdio/process-registry.ts';
import { createStdioUpstream } from '../mcp/stdio/stdio-upstream.ts';
import { type AuthorizationServer, createAuthorizationServer } from '../oauth/authorization-server.ts';
import type { Paths } from '../paths.ts';
import type { Store } from '../store/store.ts';
import { VERSION } from '../version.ts';
import { allowedHosts } from './allowed-hosts.ts';
import type { Bound } from './bind.ts';
import { type IdleWatch, watchIdle } from './idle.ts';
import { openStoreInTurn } from './open-store-in-turn.ts';
import { type ServedCertificate, serveCertificate } from './served-certificate.ts';
import { type UpstreamsFile, watchUpstreamsFile } from './upstreams-file.ts';

export interface ServeOptions {
  config: Config;
  paths: Paths;
  /** What upstreams may inherit of. */
  env: NodeJS.ProcessEnv;
  log: Log;
  bound: Bound;
  certificates: Certificates;
  startedBy: StatusReport['startedBy'];
  /** Takes one line that the person should see; called before the daemon says that it is healthy. */
  tell(notice: string): void;
}

/** The parts that the daemon's answers are made of. */
export interface Parts extends ServeOptions {
  url: string;
  health: Health;
  certificate: ServedCertificate;
  idle: IdleWatch;
  store: Store;
  oauth: AuthorizationServer;
  mcp: Mcp;
  upstreamsFile: UpstreamsFile;
}

function createHealth(engine: Health['engine']): Health {
  return {
    name: 'claude-secure',
    version: VERSION,
    apiLevel: API_LEVEL,
    instanceId: randomUUID(),
    pid: process.pid,
    startedAt: new Date().toISOString(),
    engine,
  };
}

/** The MCP transports before our own server and the person's upstreams. */
async function createGateway(
  { bound, log, paths, env }: ServeOptions,
  { oauth, certificate, store }: Pick<Parts, 'oauth' | 'certificate' | 'store'>,
  journal: Journal,
): Promise<Mcp> {
  const processes = createProcessRegistry(paths, log);
  // The port is ours: whoever has left these behind is gone.
  void processes.reapOrphans();
  const code = createCodeServer((workspace) => {
    const { notAfter, daysLeft, serverSha256 } = certificate.report();
    return {
      version: VERSION,
      engine: bound.engine.name,
      uptimeSeconds: Math.floor(process.uptime()),
      certificate: { notAfter, daysLeft, serverSha256 },
      sessions: mcp.sessions(),
      workspace,
    };
  });
  const mcp = createMcp({
    authenticate: oauth.authenticate,
    code,
    startUpstream: (definition, workspace) =>
      createStdioUpstream({ definition, workspace, env, log, processes }),
    catalogs: await readCatalogs(store, log),
    journal,
    log,
  });
  return mcp;
}

/** Opens the store and makes what stands on it. Throws what `openStoreInTurn` and `createAuthorizationServer` throw. */
export async function createParts(options: ServeOptions, onPortLost: () => void): Promise<Parts> {
  const { config, paths, log, bound, certificates } = options;
  const { engine, listener } = bound;
  const { hostnames } = config;
  const url = new URL(`https://127.0.0.1:${listener.port}`).origin;
  const certificate = serveCertificate(certificates, { paths, hostnames, listener, log, onPortLost });
  const store = await openStoreInTurn(paths.store, log);
  if (store.setAside) {
    options.tell(`the store was damaged and now stands in ${store.setAside}: every login has ended`);
  }
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
  const journal = createJournal({ records: store, log });
  const restored = await journal.readSessions();
  const mcp = await createGateway(options, { oauth, certificate, store }, journal);
  const upstreamsFile = watchUpstreamsFile(paths.upstreams, { define: mcp.define, log });
  mcp.restore(restored);
  oauth.onGrantEnd(mcp.endGrant);
  const idle = watchIdle(config.idleMs, listener.connections);
  const health = createHealth(engine.name);
  return { ...options, url, health, certificate, idle, store, oauth, mcp, upstreamsFile };
}
