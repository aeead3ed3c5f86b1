import { expect, onTestFinished } from 'vitest';
import type { Caller } from '../../src/caller.ts';
import type { Log } from '../../src/log.ts';
import { createJournal } from '../../src/mcp/journal.ts';
import { createMcp, type Mcp } from '../../src/mcp/legs.ts';
import type { Upstream } from '../../src/mcp/upstream.ts';
import { createRouter } from '../../src/server/router.ts';
import { type EngineName, listen } from '../support/listen.ts';
import { createMemoryRecords } from './memory-records.ts';
import { trust } from './trusted-fetch.ts';

const silent = (): void => {};
const NO_CATALOGS = { get: () => undefined, save: silent, remove: silent };
const SILENT_LOG: Log = { error: silent, info: silent, debug: silent, close: silent };

export interface Served {
  readonly url: string;
  /** The root that its certificate stands under. */
  readonly ca: string;
  readonly mcp: Mcp;
  /** A bearer token of the grant; `workspace` as the launcher would have minted it. */
  token(grantId: string, workspace?: string): string;
  /** How many requests came with a good token. */
  authenticated(): number;
  /** Ends the token, as expiry or revocation do. */
  end(token: string): void;
}

/** Serves the routes of `createMcp` over TLS, on a free port of loopback, until the test ends. */
export async function serveMcp(engine: EngineName, upstream: Upstream, now?: () => number): Promise<Served> {
  const tokens = new Map<string, { caller: Caller; controller: AbortController }>();
  let authenticated = 0;
  const mcp = createMcp({
    code: upstream,
    startUpstream: (definition) => ({ ...upstream, name: definition.name }),
    catalogs: NO_CATALOGS,
    journal: createJournal({ records: createMemoryRecords(), log: SILENT_LOG }),
    log: SILENT_LOG,
    ...(now && { now }),
    async authenticate(exchange) {
      const caller = tokens.get(exchange.headers.authorization?.replace(/^Bearer /, '') ?? '')?.caller;
      if (caller) authenticated++;
      else exchange.respond(401, { 'www-authenticate': 'Bearer' });
      return caller;
    },
  });
  const { port, ca, faults } = await listen(engine, createRouter({}, mcp.handlersAt));
  onTestFinished(async () => {
    await mcp.close();
    expect(faults).toEqual([]);
  });
  const url = `https://127.0.0.1:${port}`;
  trust(url, ca);
  return {
    url,
    ca,
    mcp,
    token(grantId, workspace) {
      const tokenId = `${grantId}-${tokens.size}`;
      const controller = new AbortController();
      const caller: Caller = {
        grantId,
        tokenId,
        clientId: `client-${grantId}`,
        scopes: ['mcp'],
        workspace,
        ended: controller.signal,
      };
      tokens.set(tokenId, { caller, controller });
      return tokenId;
    },
    authenticated: () => authenticated,
    end(token) {
      tokens.get(token)?.controller.abort();
      tokens.delete(token);
    },
  };
}
