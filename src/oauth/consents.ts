import type { PendingConsent } from '../control.ts';
import { limits } from '../limits.ts';
import { newMatchCode, normaliseMatchCode } from '../match-code.ts';
import type { AuthorizationRequest } from './authorization-request.ts';
import type { Clock } from './clock.ts';
import { digest, newSecret } from './secrets.ts';

export interface OpenConsent {
  readonly request: AuthorizationRequest;
  readonly matchCode: string;
}

export type Visit =
  | ({ readonly state: 'waiting' } & OpenConsent)
  | { readonly state: 'approved' | 'denied'; readonly request: AuthorizationRequest }
  | { readonly state: 'unknown' };

/**
 * Requests that wait for the owner. The transaction id stands in the page's URL alone: only whoever was served the
 * page can fetch the answer. The match code stands on the page and in the terminal: it names the one request that
 * a yes is for, and is worth nothing without the owner secret (R26).
 */
export interface Consents {
  /** Opens one; past `limits.openConsents` the oldest goes (R27). */
  open(request: AuthorizationRequest): OpenConsent & { readonly transaction: string };
  /** What became of it. A decision is told once: the transaction is used up by it. */
  visit(transaction: string): Visit;
  /** Calls back as soon as it waits no longer, never before it has returned; what it returns takes the wish back. */
  onSettled(transaction: string, listener: () => void): () => void;
  /** Withdraws it; undefined if there is no such transaction. */
  cancel(transaction: string): AuthorizationRequest | undefined;
  pending(): PendingConsent[];
  /** The owner's decision on the request that shows this code; undefined if none is waiting under it. */
  resolve(code: string, approve: boolean): AuthorizationRequest | undefined;
  /** Withdraws them all. */
  close(): void;
}

interface Entry extends OpenConsent {
  readonly expiresAtMs: number;
  decision: 'waiting' | 'approved' | 'denied';
  readonly listeners: Set<() => void>;
}

function settle({ listeners }: Entry): void {
  for (const listener of listeners) listener();
  listeners.clear();
}

/** Entries by digest of the transaction id, oldest first; whatever leaves is settled. */
function createEntries(clock: Clock) {
  const entries = new Map<string, Entry>();

  function remove(key: string): Entry | undefined {
    const entry = entries.get(key);
    entries.delete(key);
    if (entry) settle(entry);
    return entry;
  }

  return {
    remove,
    /** Those that have not expired. */
    current(): Map<string, Entry> {
      const now = clock.nowMs();
      for (const [key, { expiresAtMs }] of entries) if (now >= expiresAtMs) remove(key);
      return entries;
    },
  };
}

function unusedCode(entries: Iterable<Entry>): string {
  const taken = new Set([...entries].map(({ matchCode }) => matchCode));
  for (;;) {
    const code = newMatchCode();
    if (!taken.has(code)) return code;
  }
}

export function createConsents(clock: Clock): Consents {
  const { current, remove } = createEntries(clock);
  const waiting = (): Entry[] => [...current().values()].filter(({ decision }) => decision === 'waiting');

  return {
    open(request) {
      const entries = current();
      const [oldest] = entries.keys();
      if (oldest !== undefined && entries.size >= limits.openConsents) remove(oldest);
      const transaction = newSecret();
      const matchCode = unusedCode(entries.values());
      const expiresAtMs = clock.nowMs() + limits.consentMs;
      const listeners = new Set<() => void>();
      entries.set(digest(transaction), { request, matchCode, expiresAtMs, decision: 'waiting', listeners });
      return { transaction, matchCode, request };
    },
    visit(transaction) {
      const key = digest(transaction);
      const entry = current().get(key);
      if (!entry) return { state: 'unknown' };
      const { decision, request, matchCode } = entry;
      if (decision === 'waiting') return { state: decision, request, matchCode };
      remove(key);
      return { state: decision, request };
    },
    onSettled(transaction, listener) {
      const entry = current().get(digest(transaction));
      if (entry?.decision === 'waiting') entry.listeners.add(listener);
      else queueMicrotask(listener);
      return () => entry?.listeners.delete(listener);
    },
    cancel(transaction) {
      const key = digest(transaction);
      return current().has(key) ? remove(key)?.request : undefined;
    },
    pending: () =>
      waiting().map(({ matchCode, request, expiresAtMs }) => ({
        code: matchCode,
        clientName: request.client.name,
        clientId: request.client.id,
        redirectUri: request.redirectUri,
        scopes: request.scopes,
        resource: request.resource,
        expiresAt: new Date(expiresAtMs).toISOString(),
      })),
    resolve(code, approve) {
      const wanted = normaliseMatchCode(code);
      const entry = waiting().find(({ matchCode }) => matchCode === wanted);
      if (!entry) return undefined;
      entry.decision = approve ? 'approved' : 'denied';
      settle(entry);
      return entry.request;
    },
    close() {
      for (const key of current().keys()) remove(key);
    },
  };
}
