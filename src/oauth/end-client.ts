import type { Log } from '../log.ts';
import type { Clients } from './clients.ts';
import type { Grants } from './grants.ts';

export interface EndClientOptions {
  readonly clients: Clients;
  readonly grants: Grants;
  readonly log: Log;
}

/** Ends a client: its registration, then every grant with every token. False if there was nothing to end. */
export async function endClient(
  clientId: string,
  { clients, grants, log }: EndClientOptions,
): Promise<boolean> {
  const isRegistered = clients.find(clientId) !== undefined;
  await clients.remove(clientId);
  let ended = 0;
  for (const { id, clientId: holder } of grants.all()) {
    if (holder !== clientId) continue;
    await grants.serial(id, () => grants.revoke(id, 'client revoked by the owner'));
    ended++;
  }
  log.info('client.revoked', { client: clientId, grants: ended });
  return isRegistered || ended > 0;
}
