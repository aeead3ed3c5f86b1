import type { Caller } from '../caller.ts';

// One listener for each signal: a token has as many streams and calls as its owner likes, and Node warns of a
// leak at the eleventh listener of one AbortSignal.
const listeners = new WeakMap<AbortSignal, Set<() => void>>();

/** Calls `listener` once when the caller's token ends, at once if it has; the result takes it back. */
export function onCallerEnd({ ended }: Caller, listener: () => void): () => void {
  if (ended.aborted) {
    listener();
    return () => {};
  }
  const waiting = listeners.get(ended) ?? watch(ended);
  waiting.add(listener);
  return () => waiting.delete(listener);
}

function watch(ended: AbortSignal): Set<() => void> {
  const waiting = new Set<() => void>();
  listeners.set(ended, waiting);
  ended.addEventListener(
    'abort',
    () => {
      for (const listener of waiting) listener();
      waiting.clear();
    },
    { once: true },
  );
  return waiting;
}
