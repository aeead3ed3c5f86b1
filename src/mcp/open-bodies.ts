import type { Exchange } from '../exchange.ts';
import { limits } from '../limits.ts';

export interface OpenBodies {
  /** Keeps room for a body that weighs so much until its request is answered; false if there is none. */
  hold(exchange: Exchange, weight: number): boolean;
}

/**
 * What the bodies of all open requests may weigh together: a call that waits for its server keeps what its client sent
 * (R52, L15). What is small has room in any case, for the number of calls has limits of its own.
 */
export function createOpenBodies(): OpenBodies {
  let held = 0;
  return {
    hold(exchange, weight) {
      if (weight <= limits.pendingRequestBytes) return true;
      if (held + weight > limits.openBodiesWeight) return false;
      held += weight;
      exchange.onClose(() => {
        held -= weight;
      });
      return true;
    },
  };
}
