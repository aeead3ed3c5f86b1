import type { Caller } from '../caller.ts';
import { limits } from '../limits.ts';
import type { Clock } from './clock.ts';

interface Entry {
  readonly caller: Caller;
  readonly expiresAtMs: number;
  readonly controller: AbortController;
}

export type TokenOwner = Omit<Caller, 'ended'>;

/** Access tokens that were proven once: until they end, a look-up in a map proves them again. */
export interface VerifiedTokens {
  get(token: string): Caller | undefined;
  add(token: string, owner: TokenOwner, expiresAtMs: number): Caller;
  /** Forgets tokens and aborts their callers' `ended`, which closes their streams. */
  endGrant(grantId: string): void;
  endToken(tokenId: string): void;
  close(): void;
}

export function createVerifiedTokens(clock: Clock): VerifiedTokens {
  const entries = new Map<string, Entry>();
  let timer: NodeJS.Timeout | undefined;

  function end(token: string, { controller }: Entry): void {
    entries.delete(token);
    controller.abort();
  }

  function endWhere(matches: (entry: Entry) => boolean): void {
    for (const [token, entry] of entries) if (matches(entry)) end(token, entry);
    if (entries.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  }

  // A look at the clock every few seconds, not a timer for each token: timers do not notice a wall clock that jumps.
  function sweep(): void {
    const now = clock.nowMs();
    endWhere(({ expiresAtMs }) => expiresAtMs <= now);
  }

  return {
    get(token) {
      const entry = entries.get(token);
      if (entry === undefined) return undefined;
      if (clock.nowMs() < entry.expiresAtMs) return entry.caller;
      end(token, entry);
      return undefined;
    },
    add(token, owner, expiresAtMs) {
      const known = entries.get(token);
      if (known) return known.caller;
      // Past the bound the oldest makes room. Its streams close, so that no open stream is left unwatched.
      const [oldest] = entries;
      if (oldest && entries.size >= limits.verifiedTokens) end(...oldest);
      const controller = new AbortController();
      const caller: Caller = { ...owner, ended: controller.signal };
      entries.set(token, { caller, expiresAtMs, controller });
      timer ??= setInterval(sweep, limits.expiryCheckMs).unref();
      return caller;
    },
    endGrant(grantId) {
      endWhere(({ caller }) => caller.grantId === grantId);
    },
    endToken(tokenId) {
      endWhere(({ caller }) => caller.tokenId === tokenId);
    },
    close() {
      endWhere(() => true);
    },
  };
}
