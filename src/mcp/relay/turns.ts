export interface Turns {
  /** Runs `begin` when it is the turn of that call: at once, as long as calls run side by side or it has its turn. */
  take(id: number, begin: () => void): void;
  /** The call is over, or will not be made. */
  end(id: number): void;
  /** From now on one call at a time. */
  takeOneAtATime(): void;
  /** The calls under way, in the order in which they began. */
  running(): readonly number[];
}

/**
 * Who calls at the moment. A program on stdio does not say which call a question of its own belongs to. So a server
 * that has asked once gets its calls one at a time from then on: then the one under way is the one that caused the
 * question.
 */
export function createTurns(): Turns {
  const running = new Set<number>();
  const waiting = new Map<number, () => void>();
  let isOneAtATime = false;

  function next(): void {
    const [first] = waiting;
    if (!first || running.size > 0) return;
    const [id, begin] = first;
    waiting.delete(id);
    running.add(id);
    begin();
  }

  return {
    take(id, begin) {
      if (isOneAtATime && running.size > 0 && !running.has(id)) {
        waiting.set(id, begin);
        return;
      }
      running.add(id);
      begin();
    },
    end(id) {
      waiting.delete(id);
      if (running.delete(id)) next();
    },
    takeOneAtATime() {
      isOneAtATime = true;
    },
    running: () => [...running],
  };
}
