import type { ClientReport } from '../control.ts';
import { type Clients, LAUNCHER_ID } from './clients.ts';
import type { Grants } from './grants.ts';

const iso = (timeMs: number): string => new Date(timeMs).toISOString();

interface Use {
  grants: number;
  firstMs: number;
  lastMs: number;
}

function countUses(grants: Grants): Map<string, Use> {
  const uses = new Map<string, Use>();
  for (const { clientId, createdAtMs, usedAtMs } of grants.all()) {
    const use = uses.get(clientId) ?? { grants: 0, firstMs: createdAtMs, lastMs: usedAtMs };
    uses.set(clientId, {
      grants: use.grants + 1,
      firstMs: Math.min(use.firstMs, createdAtMs),
      lastMs: Math.max(use.lastMs, usedAtMs),
    });
  }
  return uses;
}

/** Everyone that is registered or holds access; the launcher stands first if it ever asked for a token. */
export function reportClients(clients: Clients, grants: Grants): ClientReport[] {
  const uses = countUses(grants);
  const reports: ClientReport[] = [];
  const launcher = uses.get(LAUNCHER_ID);
  if (launcher) {
    reports.push({
      clientId: LAUNCHER_ID,
      clientName: 'claude-secure',
      kind: 'launcher',
      grants: launcher.grants,
      registeredAt: iso(launcher.firstMs),
      lastUsedAt: iso(launcher.lastMs),
    });
  }
  for (const { id, name, registeredAtMs } of clients.all()) {
    const use = uses.get(id);
    reports.push({
      clientId: id,
      clientName: name,
      kind: 'registered',
      grants: use?.grants ?? 0,
      registeredAt: iso(registeredAtMs),
      lastUsedAt: use && iso(use.lastMs),
    });
  }
  return reports;
}
