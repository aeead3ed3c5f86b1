import type { Endpoint } from './endpoint.ts';
import { createHttpSession, parseKeptSession } from './http-session.ts';
import type { Journal } from './journal.ts';
import type { ReplayBudget } from './replay-buffer.ts';
import type { RestoredSession } from './restored-sessions.ts';
import type { Sessions } from './sessions.ts';

export interface RestoreOptions {
  readonly journal: Journal;
  readonly sessions: Sessions;
  readonly budget: ReplayBudget;
  findEndpoint(name: string): Endpoint | undefined;
}

/** Brings the sessions of the last daemon back; those whose server is no more are forgotten. */
export function restoreSessions(found: readonly RestoredSession[], options: RestoreOptions): void {
  const { journal, sessions, budget, findEndpoint } = options;
  for (const restored of found) {
    const { id, record } = restored;
    const part = journal.session(id);
    const kept = parseKeptSession(record);
    const endpoint = kept && findEndpoint(kept.endpoint);
    if (!endpoint) {
      part.remove();
      continue;
    }
    const { grantId, version, workspace, params } = kept;
    const beginning = { workspace, params };
    const relay = endpoint.open(beginning);
    const known = { id, grantId, endpoint, relay, beginning, version, journal: part, budget };
    sessions.add(createHttpSession(known, restored));
  }
}
