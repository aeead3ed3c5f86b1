import type { StatusReport } from '../control.ts';
import { VERSION } from '../version.ts';
import type { Parts } from './parts.ts';

/** Whoever asks for the status holds a connection too, and does not want to hear of it. */
const OWN_CONNECTION = 1;

/** What the daemon says of itself to its owner. */
export function createStatus(parts: Parts): StatusReport {
  const { url, health, startedBy, bound, certificate, idle, oauth, mcp, upstreamsFile, paths } = parts;
  const { engine, listener } = bound;
  return {
    version: VERSION,
    pid: health.pid,
    startedAt: health.startedAt,
    startedBy,
    url,
    engine: engine.name,
    engineReason: engine.reason,
    connections: listener.connections() - OWN_CONNECTION,
    sessions: mcp.sessions(),
    clients: oauth.clients().filter(({ grants }) => grants > 0).length,
    pendingConsents: oauth.pending().length,
    certificate: certificate.report(),
    upstreams: mcp.upstreams(),
    problem: upstreamsFile.problem(),
    log: paths.daemonLog,
    idleEndsInMs: idle.remainingMs(OWN_CONNECTION),
  };
}
