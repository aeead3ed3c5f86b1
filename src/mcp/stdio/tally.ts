const MINUTE_MS = 60_000;

export interface Tally {
  add(): void;
  /** Reports what was counted since the last report. */
  flush(): void;
}

/** Counts what may come in floods, and reports the sum a minute after the first: one report a minute at the most. */
export function createTally(report: (count: number) => void): Tally {
  let count = 0;
  let timer: NodeJS.Timeout | undefined;

  function flush(): void {
    clearTimeout(timer);
    timer = undefined;
    if (count > 0) report(count);
    count = 0;
  }

  return {
    add() {
      count++;
      timer ??= setTimeout(flush, MINUTE_MS).unref();
    },
    flush,
  };
}
