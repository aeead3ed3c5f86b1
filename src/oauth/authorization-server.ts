import type { ClientReport, PendingConsent } from '../control.ts';
import { type Routes, respondJson } from '../exchange.ts';
import type { Log } from '../log.ts';
import { createRefusalLog } from '../refusal-log.ts';
import { createAccessTokens } from './access-token.ts';
import { createAuthorize } from './authorize.ts';
import { type Authenticate, createAuthenticate } from './bearer.ts';
import { reportClients } from './client-reports.ts';
import { readClients } from './clients.ts';
import { createClock } from './clock.ts';
import { createAuthorizationCodes } from './codes.ts';
import { createConsent } from './consent.ts';
import { createConsents } from './consents.ts';
import { endClient } from './end-client.ts';
import { createEndpoints } from './errors.ts';
import { readGrants } from './grants.ts';
import { startHousekeeping } from './housekeeping.ts';
import { ensureSigningKeys } from './keys.ts';
import { createMetadataRoutes } from './metadata.ts';
import { createMint, type MintedToken, type MintRequest } from './mint.ts';
import { type Records, keys as recordKeys } from './records.ts';
import { createRedeemCode } from './redeem-code.ts';
import { createRefresh } from './refresh.ts';
import { createRegister } from './register.ts';
import { createResources } from './resource.ts';
import { readRevocations } from './revocations.ts';
import { createRevoke } from './revoke.ts';
import { createToken, type GrantHandler } from './token.ts';
import { createVerifiedTokens } from './verified-tokens.ts';

export interface AuthorizationServer {
  readonly routes: Routes;
  /** The Bearer check; answers the exchange itself when it refuses. */
  readonly authenticate: Authenticate;
  /** A token for the launcher in this directory, of client `launcher`. */
  mint(request: MintRequest): Promise<MintedToken>;
  /** Requests that wait for the owner. */
  pending(): PendingConsent[];
  /** The owner's yes or no to the request under this match code; false if none waits under it. */
  resolve(code: string, approve: boolean): Promise<boolean>;
  clients(): ClientReport[];
  /** Ends every grant of the client, and its registration; false if there was neither. */
  revokeClient(clientId: string): Promise<boolean>;
  /** Tells of every grant that has ended, by revocation or expiry. */
  onGrantEnd(listener: (grantId: string) => void): void;
  /** Withdraws what waits for the owner, whose pages would otherwise keep the daemon from ending. */
  withdrawPending(): void;
  /** Stops the timers and ends every open stream; the records stay open. */
  close(): Promise<void>;
}

export interface AuthorizationServerOptions {
  /** `https://127.0.0.1:PORT`, without a slash. */
  readonly issuer: string;
  /** Every allowed `Host`, as `host:port`. */
  readonly hosts: readonly string[];
  readonly records: Records;
  readonly signingKeysFile: string;
  readonly log: Log;
  /** Wall clock, ms. */
  readonly now?: () => number;
}

/** The OAuth 2.1 authorization server and the Bearer check in front of /mcp. Throws `SIGNING_KEY_UNUSABLE`, `STORE_UNUSABLE`. */
export async function createAuthorizationServer(
  options: AuthorizationServerOptions,
): Promise<AuthorizationServer> {
  const { issuer, hosts, records, signingKeysFile, log, now = Date.now } = options;
  const clock = createClock(now, ((await records.get(recordKeys.clock)) as number | undefined) ?? 0);
  const keys = await ensureSigningKeys(signingKeysFile, clock.nowMs());
  const resources = createResources(issuer, hosts);
  const verified = createVerifiedTokens(clock);
  const grantEndListeners: ((grantId: string) => void)[] = [];
  const grants = await readGrants(records, clock, (grant, reason) => {
    verified.endGrant(grant);
    for (const listener of grantEndListeners) listener(grant);
    log.info('grant.ended', { grant, reason });
  });
  const clients = await readClients(records, clock);
  const revocations = await readRevocations(records, clock);
  const tokens = createAccessTokens({ issuer, audiences: resources.all, keys, clock });
  const consents = createConsents(clock);
  const codes = createAuthorizationCodes(clock);
  const stopHousekeeping = await startHousekeeping({ records, clients, grants, revocations, clock, log });

  const handlers = new Map<string, GrantHandler>([
    ['authorization_code', createRedeemCode({ clients, codes, grants, resources, clock })],
    ['refresh_token', createRefresh({ grants, resources, clock })],
  ]);
  const consent = createConsent({ issuer, consents, codes, log });
  const authorize = createAuthorize({ issuer, clients, consents, resources, log });
  const revoke = createRevoke({ clients, grants, tokens, verified, revocations, log });
  const logRefusal = createRefusalLog(log);
  const { json, page } = createEndpoints(log, logRefusal);
  const jwks = { keys: keys.map(({ publicJwk }) => publicJwk) };

  return {
    routes: {
      ...createMetadataRoutes(issuer, resources),
      '/oauth/register': { POST: json(createRegister(clients, log)) },
      '/oauth/authorize': { GET: page(authorize) },
      '/oauth/consent': {
        GET: page(consent.GET),
        POST: page(consent.POST),
      },
      '/oauth/token': { POST: json(createToken({ clients, tokens, handlers, log })) },
      '/oauth/revoke': { POST: json(revoke) },
      '/oauth/jwks': { GET: (exchange) => respondJson(exchange, 200, jwks) },
    },
    authenticate: createAuthenticate({ tokens, verified, grants, revocations, resources, log, logRefusal }),
    mint: createMint({ clients, grants, tokens, resources, clock, log }),
    pending: () => consents.pending(),
    async resolve(code, approve) {
      const request = consents.resolve(code, approve);
      if (request) log.info(approve ? 'consent.approved' : 'consent.denied', { client: request.client.id });
      return request !== undefined;
    },
    clients: () => reportClients(clients, grants),
    revokeClient: (clientId) => clients.serial(clientId, () => endClient(clientId, { clients, grants, log })),
    onGrantEnd(listener) {
      grantEndListeners.push(listener);
    },
    withdrawPending: () => consents.close(),
    async close() {
      verified.close();
      await stopHousekeeping();
    },
  };
}
