import { randomBytes } from 'node:crypto';
import { limits } from '../../limits.ts';
import { type Binding, createSealedStates } from './sealed-state.ts';
import type { StatelessCall } from './stateless-call.ts';

/** The calls that wait for their clients to come back. */
export interface ParkedCalls {
  /** Gives the `requestState` that finds the call again, once. */
  park(call: StatelessCall, binding: Binding): string;
  /** A state for a request that is simply made again. */
  again(binding: Binding): string;
  /** The call, which is no longer parked; `again`, or undefined for a state that is good for nothing. */
  take(state: string, binding: Binding): StatelessCall | 'again' | undefined;
  /** Gives up the calls of a grant that is no more: nobody can come back for them. */
  endGrant(grantId: string): void;
  close(): void;
}

interface Parked {
  readonly call: StatelessCall;
  readonly expiry: NodeJS.Timeout;
}

const AGAIN = 'again';

/** A client may never come back: after `limits.askMs` its call is given up, or when its grant has too many of them. */
export function createParkedCalls(nowMs: () => number): ParkedCalls {
  const states = createSealedStates(nowMs);
  const parked = new Map<string, Parked>();

  function remove(id: string): StatelessCall | undefined {
    const found = parked.get(id);
    if (!found) return undefined;
    parked.delete(id);
    clearTimeout(found.expiry);
    return found.call;
  }

  function giveUp(id: string): void {
    remove(id)?.abandon();
  }

  /** The names of a grant's calls, the oldest first. */
  const idsOf = (grantId: string): string[] =>
    [...parked].filter(([, { call }]) => call.grantId === grantId).map(([id]) => id);

  function makeRoom(grantId: string): void {
    const [oldest, ...others] = idsOf(grantId);
    if (oldest !== undefined && others.length + 1 >= limits.parkedCalls) giveUp(oldest);
  }

  return {
    park(call, binding) {
      makeRoom(call.grantId);
      // A new name for each round: what was used once is used up.
      const id = randomBytes(16).toString('base64url');
      parked.set(id, { call, expiry: setTimeout(giveUp, limits.askMs, id).unref() });
      return states.seal(id, binding);
    },
    again: (binding) => states.seal(AGAIN, binding),
    take(state, binding) {
      const id = states.open(state, binding);
      if (id === undefined) return undefined;
      return id === AGAIN ? AGAIN : remove(id);
    },
    endGrant(grantId) {
      for (const id of idsOf(grantId)) giveUp(id);
    },
    close() {
      for (const id of [...parked.keys()]) giveUp(id);
    },
  };
}
