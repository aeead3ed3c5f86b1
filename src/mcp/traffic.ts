import type { TrafficEntry } from '../control.ts';
import { isObject } from '../json-object.ts';
import { limits } from '../limits.ts';
import type { JsonRpcMessage, JsonRpcResponse, Params } from './json-rpc.ts';

/** A follower asks again within seconds; bodies are kept only while one that wants them does. */
const FOLLOWED_MS = 15_000;
const WAIT_MS = 5_000;
const BODY_LENGTH = 4_000;
/** Of a method, and of what it names. */
const NAME_LENGTH = 200;
/** Of entries with bodies so many fit into one answer of the control plane. */
const ENTRIES_AT_ONCE = 100;

export interface Seen extends Pick<TrafficEntry, 'direction' | 'kind' | 'method' | 'bytes'> {
  readonly message: JsonRpcMessage;
  /** Of the request, where the message is its response. */
  readonly params?: Params | undefined;
  /** When the request came, where the message is its response; monotonic milliseconds. */
  readonly startedMs?: number;
}

/** What went through one server lately, a line each: never what was said in it, unless somebody asks for that. */
export interface Traffic {
  record(seen: Seen): void;
  /**
   * What comes after that number, not all of it at once; waits for something newer, but not for long. What is kept at
   * the moment of asking comes at once after a negative number.
   */
  read(after: number, bodies: boolean): Promise<{ entries: TrafficEntry[]; more: boolean }>;
}

interface Kept extends Omit<TrafficEntry, 'time'> {
  readonly timeMs: number;
}

/** The numbers that entries get, across the servers of one daemon. */
export type NextSequence = () => number;

/** The beginning of a text. A copy: what `slice` gives keeps the whole text in memory (measured). */
const beginning = (text: string, length: number): string =>
  text.length <= length ? text : `${Buffer.from(text.slice(0, length - 1))}…`;

function targetOf(params: Params | undefined): string | undefined {
  const target = params?.name ?? params?.uri;
  return typeof target === 'string' ? beginning(target, NAME_LENGTH) : undefined;
}

function outcomeOf(response: JsonRpcResponse): string {
  if ('error' in response)
    return `error ${Number.isSafeInteger(response.error.code) ? response.error.code : '?'}`;
  if (!isObject(response.result)) return 'ok';
  if (response.result.isError === true) return 'tool error';
  return response.result.resultType === 'input_required' ? 'input required' : 'ok';
}

export function createTraffic(nextSequence: NextSequence): Traffic {
  // Written over in a circle: an array that loses its first entry is copied again and again, and keeps what it had.
  const circle: Kept[] = [];
  let next = 0;
  const waiting = new Set<() => void>();
  let bodiesUntilMs = 0;

  const inOrder = (): Kept[] => [...circle.slice(next), ...circle.slice(0, next)];

  function record({ direction, kind, method, bytes, message, params, startedMs }: Seen): void {
    const now = performance.now();
    circle[next] = {
      direction,
      kind,
      method: beginning(method, NAME_LENGTH),
      bytes,
      sequence: nextSequence(),
      timeMs: Date.now(),
      target: targetOf('method' in message ? message.params : params),
      ms: startedMs === undefined ? undefined : Math.round(now - startedMs),
      outcome: 'method' in message ? undefined : outcomeOf(message),
      body: now < bodiesUntilMs ? beginning(JSON.stringify(message), BODY_LENGTH) : undefined,
    };
    next = (next + 1) % limits.trafficEntries;
    for (const wake of waiting) wake();
  }

  function nextRecord(): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        waiting.delete(done);
        resolve();
      };
      const timer = setTimeout(done, WAIT_MS).unref();
      waiting.add(done);
    });
  }

  return {
    record,
    async read(after, bodies) {
      if (bodies) bodiesUntilMs = performance.now() + FOLLOWED_MS;
      const isNew = ({ sequence }: Kept): boolean => sequence > after;
      if (after >= 0 && !circle.some(isNew)) await nextRecord();
      const found = inOrder().filter(isNew);
      return {
        entries: found
          .slice(0, ENTRIES_AT_ONCE)
          .map(({ timeMs, ...entry }) => ({ ...entry, time: new Date(timeMs).toISOString() })),
        more: found.length > ENTRIES_AT_ONCE,
      };
    },
  };
}
