/** Calls of clients without a session, while they wait for the answers that these come back with. */
import { limits } from '../../limits.ts';
import { askHeld } from './addressee.ts';
import type { RelayState } from './state.ts';

const grantOf = ({ pending }: RelayState, ownId: number): string => pending.get(ownId)?.client.grantId ?? '';

/**
 * The call waits for its client, and the server may ask once more for it. Its own grant need not wait: not every client
 * comes back to a call (measured: the conformance suite, which listens all the while). Another one waits for as long as
 * that client is there, or for a moment if nobody knows whether it is.
 */
export function parkCall(state: RelayState, ownId: number): void {
  clearTimeout(state.parked.get(ownId));
  state.parked.set(ownId, setTimeout(yieldTurn, limits.parkedTurnMs, state, ownId).unref());
  state.turns.lend(ownId);
  askHeld(state);
}

function yieldTurn(state: RelayState, ownId: number): void {
  if (!state.parked.has(ownId) || state.attended.has(grantOf(state, ownId))) return;
  state.turns.end(ownId);
  askHeld(state);
}

/** The last client of that grant has left: its calls that wait let the others have their turn. */
export function yieldTurns(state: RelayState, grantId: string): void {
  for (const ownId of state.parked.keys()) if (grantOf(state, ownId) === grantId) yieldTurn(state, ownId);
}

/** The call no longer waits for its client. */
export function unpark({ parked }: RelayState, ownId: number): void {
  clearTimeout(parked.get(ownId));
  parked.delete(ownId);
}

/** Goes on with the call when it is its turn. */
export function resumeCall(state: RelayState, ownId: number, proceed: () => void): void {
  state.turns.take(ownId, grantOf(state, ownId), () => {
    unpark(state, ownId);
    proceed();
  });
}
