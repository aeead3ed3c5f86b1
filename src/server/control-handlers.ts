import type { StatusReport } from '../control.ts';
import type { Health } from '../health.ts';
import type { Mcp } from '../mcp/legs.ts';
import type { AuthorizationServer } from '../oauth/authorization-server.ts';
import type { ControlHandlers } from './control.ts';
import type { Listener } from './engine.ts';
import type { ServedCertificate } from './served-certificate.ts';
import type { UpstreamsFile } from './upstreams-file.ts';

export interface ControlParts {
  health: Health;
  listener: Listener;
  oauth: AuthorizationServer;
  certificate: ServedCertificate;
  mcp: Pick<Mcp, 'traffic' | 'upstreams'>;
  upstreamsFile: UpstreamsFile;
  status(): StatusReport;
  stop(reason: string): void;
}

/** What the owner's commands do inside the daemon. */
export function createControlHandlers(parts: ControlParts): ControlHandlers {
  const { health, listener, oauth, certificate, mcp, upstreamsFile, status, stop } = parts;
  return {
    status,
    mint: (request) => oauth.mint(request),
    shutdown({ instanceId, onlyIfIdle }) {
      // One connection is the asker's own.
      const busy = listener.connections() > 1;
      const stopping = instanceId === health.instanceId && !(onlyIfIdle && busy);
      if (stopping) stop('asked to');
      return { stopping, busy };
    },
    upstreams() {
      upstreamsFile.refresh();
      return { upstreams: mcp.upstreams(), problem: upstreamsFile.problem() };
    },
    async traffic({ server, after, bodies }) {
      const read = await mcp.traffic(server)?.read(after, bodies);
      const { entries, more } = read ?? { entries: [], more: false };
      const known = mcp.traffic(server) !== undefined;
      return { known, entries, last: entries.at(-1)?.sequence ?? Math.max(after, 0), more };
    },
    async reload() {
      await certificate.refresh();
      return { serverSha256: certificate.report().serverSha256 };
    },
    pending: () => ({ pending: oauth.pending() }),
    approve: async ({ code, approve }) => ({ done: await oauth.resolve(code, approve) }),
    clients: () => ({ clients: oauth.clients() }),
    revoke: async ({ clientId }) => ({ revoked: await oauth.revokeClient(clientId) }),
  };
}
