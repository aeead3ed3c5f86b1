import type { Caller } from '../caller.ts';
import { type BriefMap, createBriefMap } from './brief-map.ts';

// One listener for each signal: a token has as many streams and calls as its owner likes, and Node warns of a
// leak at the eleventh listener of one AbortSignal.
const listeners = new WeakMap<AbortSignal, BriefMap<symbol, () => void>>();

/** Calls `listener` once when the caller's token ends, at once if it has; the result takes it back. */
export function onCallerEnd({ ended }: Caller, listener: () => void): () => void {
  if (ended.aborted) {
    listener();
    return () => {};
  }
  const waiting = listeners.get(ended) ?? watch(ended);
  const key = Symbol();
  waiting.set(key, listener);
  return () => waiting.take(key);
}

function watch(ended: AbortSignal): BriefMap<symbol, () => void> {
  const waiting = createBriefMap<symbol, () => void>();
  listeners.set(ended, waiting);
  ended.addEventListener(
    'abort',
    () => {
      listeners.delete(ended);
      // One listener may take back another.
      for (const key of waiting.keys()) waiting.take(key)?.();
    },
    { once: true },
  );
  return waiting;
}
