import { BodyTooLarge, ClientGone, type Handler } from '../exchange.ts';
import type { EngineExchange } from './exchange-state.ts';
import { refuse } from './refusal.ts';

/**
 * R21: runs the handler; whatever it throws or rejects with ends as a bare 500, or as a cut connection once the
 * answer has begun. `BodyTooLarge` and `ClientGone` are no faults: the client has its answer, or is not there.
 */
export function runHandler(
  handle: Handler,
  exchange: EngineExchange,
  onFault: (error: unknown) => void,
): void {
  const fail = (error: unknown): void => {
    if (error instanceof BodyTooLarge || error instanceof ClientGone) return;
    onFault(error);
    if (exchange.begun) exchange.drop();
    else refuse(exchange, 500);
  };
  try {
    const pending = handle(exchange);
    if (pending) pending.then(undefined, fail);
  } catch (error) {
    fail(error);
  }
}
