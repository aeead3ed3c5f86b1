import type { StatusReport } from '../control.ts';
import type { Health } from '../health.ts';
import type { AuthorizationServer } from '../oauth/authorization-server.ts';
import type { ControlHandlers } from './control.ts';
import type { Listener } from './engine.ts';
import type { ServedCertificate } from './served-certificate.ts';

export interface ControlParts {
  health: Health;
  listener: Listener;
  oauth: AuthorizationServer;
  certificate: ServedCertificate;
  status(): StatusReport;
  stop(reason: string): void;
}

/** What the owner's commands do inside the daemon. */
export function createControlHandlers(parts: ControlParts): ControlHandlers {
  const { health, listener, oauth, certificate, status, stop } = parts;
  return {
    status,
    mint: ({ workspace }) => oauth.mint({ workspace }),
    shutdown({ instanceId, onlyIfIdle }) {
      // One connection is the asker's own.
      const busy = listener.connections() > 1;
      const stopping = instanceId === health.instanceId && !(onlyIfIdle && busy);
      if (stopping) stop('asked to');
      return { stopping, busy };
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
