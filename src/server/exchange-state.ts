import { ClientGone, type Exchange } from '../exchange.ts';
import type { BodyCollector } from './body.ts';

/** An exchange as the engine itself sees it. */
export interface EngineExchange extends Exchange {
  /** True once a status line was sent. */
  readonly begun: boolean;
}

/** The part of an exchange's state that is the same on both engines. */
export interface ExchangeState {
  closed: boolean;
  begun: boolean;
  body: BodyCollector | undefined;
  listeners: (() => void)[] | undefined;
  readonly onFault: (error: unknown) => void;
  /** Counts the exchange out of those in flight. */
  readonly onEnd: () => void;
}

function callListener(state: ExchangeState, listener: () => void): void {
  try {
    listener();
  } catch (error) {
    state.onFault(error);
  }
}

/** Calls the listener when the exchange ends, or at once if it has. */
export function addCloseListener(state: ExchangeState, listener: () => void): void {
  if (state.closed) callListener(state, listener);
  else if (state.listeners) state.listeners.push(listener);
  else state.listeners = [listener];
}

/** Ends the exchange, once: a body still awaited fails with `ClientGone`, then the close listeners run. */
export function endExchange(state: ExchangeState): void {
  if (state.closed) return;
  state.closed = true;
  state.onEnd();
  state.body?.fail(new ClientGone('the exchange ended before its body'));
  for (const listener of state.listeners ?? []) callListener(state, listener);
}
