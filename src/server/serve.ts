import { type Handler, type Routes, respondJson } from '../exchange.ts';
import { API_LEVEL } from '../health.ts';
import { limits } from '../limits.ts';
import { createRefusalLog } from '../refusal-log.ts';
import { bootId, processStart, type State } from '../state.ts';
import { VERSION } from '../version.ts';
import { allowedHosts } from './allowed-hosts.ts';
import { createControl } from './control.ts';
import { createControlHandlers } from './control-handlers.ts';
import { createEnding, type Ending } from './ending.ts';
import { createGate } from './gates.ts';
import { type Heartbeat, startHeartbeat } from './heartbeat.ts';
import { ensureOwnerSecret } from './owner-secret.ts';
import { takeOwnership } from './ownership.ts';
import { createParts, type Parts, type ServeOptions } from './parts.ts';
import { createRouter } from './router.ts';
import { createStatus } from './status.ts';

export interface Daemon extends Ending {
  readonly url: string;
}

/** What the parts do not know: who the owner is, and how the daemon ends. */
interface Duties {
  isOwner(candidate: string | undefined): boolean;
  /** Ends the daemon if it is no longer the one. */
  checkOwnership(): void;
  stop(reason: string): void;
}

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

const METADATA = '/.well-known/oauth-protected-resource';

/** The metadata of the resource behind an upstream's path: the same as that of `/mcp` (design 6). */
function metadataAt(path: string, { oauth, mcp }: Parts): Routes[string] | undefined {
  const isUpstream = path.startsWith(`${METADATA}/mcp/`) && mcp.handlersAt(path.slice(METADATA.length));
  return isUpstream ? oauth.routes[`${METADATA}/mcp`] : undefined;
}

/** Everything behind the gate, and each request as a sign of life. */
function createHandler(parts: Parts, { isOwner, checkOwnership, stop }: Duties): Handler {
  const { config, log, bound, health, certificate, idle, oauth, mcp, upstreamsFile } = parts;
  const { listener } = bound;
  const status = () => createStatus(parts);
  const handlers = createControlHandlers({
    health,
    listener,
    oauth,
    certificate,
    mcp,
    upstreamsFile,
    stop,
    status,
  });
  const fixed: Routes = {
    '/health': {
      GET(exchange) {
        checkOwnership();
        respondJson(exchange, 200, { status: 'ok', ...health });
      },
    },
    ...oauth.routes,
    ...createControl({ isOwner, log, handlers }),
  };
  const route = createRouter(fixed, (path) => mcp.handlersAt(path) ?? metadataAt(path, parts));
  const pass = createGate({
    hosts: allowedHosts(config, listener.port),
    logRefusal: createRefusalLog(log),
  });
  return (exchange) => {
    idle.touch();
    return pass(exchange) ? route(exchange) : undefined;
  };
}

function startDuties(
  { config, log, certificate, idle, upstreamsFile }: Parts,
  { checkOwnership, stop }: Duties,
): Heartbeat {
  const beatMs = Math.min(limits.heartbeatMs, (config.idleMs || Number.POSITIVE_INFINITY) / 4);
  return startHeartbeat(beatMs, {
    each() {
      checkOwnership();
      upstreamsFile.refresh();
      if (idle.remainingMs() === 0) stop('idle');
    },
    hourly() {
      // What is served is good for weeks when it comes due: a full disk today is no reason to end.
      certificate.refresh().catch((error: unknown) => {
        log.error('certificate.failed', { error: String(error) });
      });
    },
  });
}

/**
 * Composes the daemon behind a port it holds: authorization server, MCP, control plane, health, housekeeping.
 * Throws what its files and its store throw; the port is then the caller's to give back.
 */
export async function serve(options: ServeOptions): Promise<Daemon> {
  const { paths, log, bound } = options;
  const isOwner = ensureOwnerSecret(paths.ownerSecret);
  const parts = await createParts(options, () => stop('another program took the port'));
  const { url, health, store, oauth, mcp } = parts;
  const ownership = takeOwnership({
    stateFile: paths.state,
    keyFiles: [paths.authority, paths.ownerSecret],
    state: createState(parts),
  });
  const duties: Duties = {
    isOwner,
    checkOwnership() {
      const lost = ownership.lost();
      if (lost) stop(lost);
    },
    stop: (reason) => stop(reason),
  };
  const heartbeat = startDuties(parts, duties);
  const { ended, stop } = createEnding(log, [
    heartbeat.stop,
    oauth.withdrawPending,
    // In this order: node:https cuts a connection whose answer has ended, even one that has not left yet (measured).
    () => Promise.all([bound.listener.close(), mcp.close()]),
    oauth.close,
    store.close,
    ownership.release,
  ]);
  bound.answerWith(createHandler(parts, duties));
  log.info('daemon.started', {
    version: VERSION,
    pid: health.pid,
    port: bound.listener.port,
    engine: health.engine,
  });
  return { url, ended, stop };
}
