import type { Exchange, ResponseHeaders } from '../exchange.ts';
import type { IncomingBody } from './body.ts';
import { assertHeaders } from './response-headers.ts';

/**
 * An exchange as its engine sees it. What changes are plain properties, for accessors made per request cost more
 * than the rest of it (measured).
 */
export interface EngineExchange extends Exchange {
  closed: boolean;
  /** True once a status line was sent. */
  begun: boolean;
  incoming: IncomingBody | undefined;
  listeners: (() => void)[] | undefined;
  readonly onFault: (error: unknown) => void;
  /** Counts the exchange out of those in flight. */
  readonly onEnd: () => void;
}

function callListener({ onFault }: EngineExchange, listener: () => void): void {
  try {
    listener();
  } catch (error) {
    onFault(error);
  }
}

/** Calls the listener when the exchange ends, or at once if it has. */
export function addCloseListener(exchange: EngineExchange, listener: () => void): void {
  if (exchange.closed) callListener(exchange, listener);
  else if (exchange.listeners) exchange.listeners.push(listener);
  else exchange.listeners = [listener];
}

/**
 * False if there is nobody to answer. Throws, before anything is sent, for headers that cannot be sent and for a
 * second answer.
 */
export function beginAnswer(exchange: EngineExchange, headers: ResponseHeaders): boolean {
  if (exchange.closed) return false;
  assertHeaders(headers);
  if (exchange.begun) throw new Error('the answer has begun already');
  exchange.begun = true;
  return true;
}

/** Ends the exchange, once: a body still awaited is abandoned, then the close listeners run. */
export function endExchange(exchange: EngineExchange): void {
  if (exchange.closed) return;
  exchange.closed = true;
  exchange.onEnd();
  exchange.incoming?.abandon();
  for (const listener of exchange.listeners ?? []) callListener(exchange, listener);
}
