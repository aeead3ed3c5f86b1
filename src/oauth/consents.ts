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
  /** Withdraws it; undefined if there is no such transaction. */
  cancel(transaction: string): AuthorizationRequest | undefined;
  pending(): PendingConsent[];
  /** The owner's decision on the request that shows this code; undefined if none is waiting under it. */
  resolve(code: string, approve: boolean): AuthorizationRequest | undefined;
}

interface Entry extends OpenConsent {
  readonly expiresAtMs: number;
  decision: 'waiting' | 'approved' | 'denied';
}

export function createConsents(clock: Clock): Consents {
  /** By digest of the transaction id, oldest first. */
  const entries = new Map<string, Entry>();

  function forgetExpired(): void {
    const now = clock.nowMs();
    for (const [key, { expiresAtMs }] of entries) if (now >= expiresAtMs) entries.delete(key);
  }

  function waiting(): Entry[] {
    forgetExpired();
    return [...entries.values()].filter(({ decision }) => decision === 'waiting');
  }

  function unusedCode(): string {
    const taken = new Set([...entries.values()].map(({ matchCode }) => matchCode));
    for (;;) {
      const code = newMatchCode();
      if (!taken.has(code)) return code;
    }
  }

  return {
    open(request) {
      forgetExpired();
      const [oldest] = entries.keys();
      if (oldest !== undefined && entries.size >= limits.openConsents) entries.delete(oldest);
      const transaction = newSecret();
      const matchCode = unusedCode();
      const expiresAtMs = clock.nowMs() + limits.consentMs;
      entries.set(digest(transaction), { request, matchCode, expiresAtMs, decision: 'waiting' });
      return { transaction, matchCode, request };
    },
    visit(transaction) {
      forgetExpired();
      const key = digest(transaction);
      const entry = entries.get(key);
      if (!entry) return { state: 'unknown' };
      const { decision, request, matchCode } = entry;
      if (decision === 'waiting') return { state: decision, request, matchCode };
      entries.delete(key);
      return { state: decision, request };
    },
    cancel(transaction) {
      forgetExpired();
      const key = digest(transaction);
      const entry = entries.get(key);
      entries.delete(key);
      return entry?.request;
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
      return entry.request;
    },
  };
}
