export interface Turns {
  /**
   * Runs `begin` when it is the turn of that call: at once, as long as calls run side by side or it has its turn. `group`
   * is who makes it.
   */
  take(id: number, group: string, begin: () => void): void;
  /** Calls of the same group need not wait for this one any more. */
  lend(id: number): void;
  /** The call is over, or will not be made. */
  end(id: number): void;
  /** From now on one call at a time. */
  takeOneAtATime(): void;
  /** The calls under way, in the order in which they began. */
  running(): readonly number[];
}

interface Running {
  readonly group: string;
  isLent: boolean;
}

/**
 * Who calls at the moment. A program on stdio does not say which call a question of its own belongs to. So a server
 * that has asked once gets its calls one at a time from then on: then the one under way is the one that caused the
 * question.
 */
export function createTurns(): Turns {
  const running = new Map<number, Running>();
  const waiting = new Map<number, { group: string; begin: () => void }>();
  let isOneAtATime = false;

  const mayBegin = (id: number, group: string): boolean =>
    [...running].every(([other, { isLent, group: its }]) => other === id || (isLent && its === group));

  function start(id: number, group: string, begin: () => void): void {
    waiting.delete(id);
    running.set(id, { group, isLent: false });
    begin();
  }

  function next(): void {
    const found = [...waiting].find(([id, { group }]) => mayBegin(id, group));
    if (found) start(found[0], found[1].group, found[1].begin);
  }

  return {
    take(id, group, begin) {
      if (isOneAtATime && !mayBegin(id, group)) waiting.set(id, { group, begin });
      else start(id, group, begin);
    },
    lend(id) {
      const own = running.get(id);
      if (!own) return;
      own.isLent = true;
      next();
    },
    end(id) {
      waiting.delete(id);
      if (running.delete(id)) next();
    },
    takeOneAtATime() {
      isOneAtATime = true;
    },
    running: () => [...running.keys()],
  };
}
