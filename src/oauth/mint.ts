import { limits } from '../limits.ts';
import type { Log } from '../log.ts';
import type { AccessTokens } from './access-token.ts';
import { type Clients, LAUNCHER_ID } from './clients.ts';
import type { Clock } from './clock.ts';
import type { Grant, Grants } from './grants.ts';
import type { Resources } from './resource.ts';
import { SCOPE } from './scope.ts';
import { newId } from './secrets.ts';

export interface MintOptions {
  readonly clients: Clients;
  readonly grants: Grants;
  readonly tokens: AccessTokens;
  readonly resources: Resources;
  readonly clock: Clock;
  readonly log: Log;
}

export interface MintRequest {
  readonly workspace: string;
  /** Which connection of Claude's asks: for the log, as the token is good for all of them. */
  readonly server: string;
}

export interface MintedToken {
  readonly accessToken: string;
  readonly expiresInSeconds: number;
}

/**
 * Tokens for the launcher, over the owner's control plane: at most `limits.accessTokenMs`, not refreshable. One
 * grant for each workspace, kept as long as it is used, so sessions bound to it outlive a single token (R57).
 */
export function createMint({ clients, grants, tokens, resources, clock, log }: MintOptions) {
  async function renewGrant(workspace: string): Promise<Grant> {
    const now = clock.nowMs();
    const known = grants.findByWorkspace(workspace);
    const grant: Grant = {
      id: known?.id ?? newId(),
      clientId: LAUNCHER_ID,
      scopes: [SCOPE],
      resource: resources.canonical,
      workspace,
      createdAtMs: known?.createdAtMs ?? now,
      usedAtMs: now,
      expiresAtMs: now + limits.refreshIdleMs,
    };
    await grants.save(grant);
    return grant;
  }

  return async ({ workspace, server }: MintRequest): Promise<MintedToken> => {
    // Not while the owner revokes the launcher: a grant written back would bring its old tokens back too (R57).
    const grant = await clients.serial(LAUNCHER_ID, () => renewGrant(workspace));
    const { token, id, expiresInSeconds } = await tokens.issue(grant);
    log.info('token.minted', { client: LAUNCHER_ID, grant: grant.id, token: id, server });
    return { accessToken: token, expiresInSeconds };
  };
}
