import { limits } from '../limits.ts';
import type { Clock } from './clock.ts';
import { keys, type RecordOperation, type Records, readAll } from './records.ts';
import { createSerial, type Serial } from './serial.ts';

/**
 * A family of refresh tokens. Each token is `<family secret>.<rotating secret>`: the first part finds the grant, so
 * whoever holds any token of the family, however old, is known to have held one, and no old token has to be kept.
 */
export interface Family {
  readonly digest: string;
  readonly current: string;
  readonly previous: string | undefined;
  readonly rotatedAtMs: number;
}

export interface GrantRecord {
  readonly clientId: string;
  readonly scopes: readonly string[];
  readonly resource: string;
  /** The directory of a launcher's grant; undefined for OAuth clients. */
  readonly workspace?: string;
  /** Undefined for a launcher's grant: it is renewed by minting, not by refreshing. */
  readonly family?: Family;
  readonly createdAtMs: number;
  /** When a token was last issued. */
  readonly usedAtMs: number;
  readonly expiresAtMs: number;
}

export type Grant = GrantRecord & { readonly id: string };

/**
 * Every grant, in memory and in the store: read from memory, changed only after the store has flushed the change.
 * The owner's yes or the owner's launcher stands behind each, so there are few.
 */
export interface Grants {
  /** The grant, unless it is unknown, revoked or expired. */
  find(id: string): Grant | undefined;
  findByFamily(digest: string): Grant | undefined;
  findByWorkspace(workspace: string): Grant | undefined;
  /** Writes the grant and whatever belongs to the same moment. */
  save(grant: Grant, alongside?: readonly RecordOperation[]): Promise<void>;
  /** Ends the grant and every token under it; `reason` is for the log. */
  revoke(id: string, reason: string): Promise<void>;
  all(): Iterable<Grant>;
  purge(): Promise<void>;
  /** Serialises whatever reads a grant to change it. */
  readonly serial: Serial;
}

/** How the end of a grant is told to whoever remembers its tokens: called after the end is flushed. */
export type OnGrantEnd = (grantId: string, reason: string) => void;

export async function readGrants(records: Records, clock: Clock, onEnd: OnGrantEnd): Promise<Grants> {
  const grants = new Map<string, Grant>();
  for (const [id, record] of await readAll<GrantRecord>(records, keys.grant(''))) {
    grants.set(id, { ...record, id });
  }

  function isLive({ expiresAtMs, family }: GrantRecord): boolean {
    const now = clock.nowMs();
    return now < expiresAtMs && (family === undefined || now < family.rotatedAtMs + limits.refreshIdleMs);
  }

  function findWhere(matches: (grant: Grant) => boolean): Grant | undefined {
    for (const grant of grants.values()) if (matches(grant) && isLive(grant)) return grant;
    return undefined;
  }

  async function revoke(id: string, reason: string): Promise<void> {
    if (!grants.has(id)) return;
    await records.batch([{ type: 'del', key: keys.grant(id) }]);
    grants.delete(id);
    onEnd(id, reason);
  }

  return {
    serial: createSerial(),
    revoke,
    find(id) {
      const grant = grants.get(id);
      return grant && isLive(grant) ? grant : undefined;
    },
    findByFamily: (digest) => findWhere(({ family }) => family?.digest === digest),
    findByWorkspace: (directory) => findWhere(({ workspace }) => workspace === directory),
    async save(grant, alongside = []) {
      const { id, ...record } = grant;
      await records.batch([{ type: 'put', key: keys.grant(id), value: record }, ...alongside]);
      grants.set(id, grant);
    },
    all: () => grants.values(),
    async purge() {
      for (const grant of grants.values()) if (!isLive(grant)) await revoke(grant.id, 'expired');
    },
  };
}
