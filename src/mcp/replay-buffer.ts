import { limits } from '../limits.ts';

/** The bytes that the buffers of all sessions keep together; a character counts as one, as JSON is nearly all ASCII. */
export interface ReplayBudget {
  bytes: number;
}

export interface KeptEvent {
  /** Its place among the events of all of the session's streams. */
  readonly position: number;
  readonly stream: number;
  readonly sequence: number;
  readonly frame: string;
}

export interface ReplayBuffer {
  /** Keeps an event. Gives those that had to go for it, oldest first; the event itself is the last if there is no room. */
  keep(event: KeptEvent): KeptEvent[];
  /** The stream's events after that sequence number that are still kept, oldest first. */
  after(stream: number, sequence: number): string[];
  /** Whether any event of the stream is kept. */
  holds(stream: number): boolean;
  clear(): void;
}

/** A session's last events, whichever stream they were on: bounded in number and bytes, and in all by the budget. */
export function createReplayBuffer(budget: ReplayBudget): ReplayBuffer {
  const events: KeptEvent[] = [];
  let bytes = 0;

  const hasRoom = (size: number): boolean =>
    events.length < limits.replayEvents &&
    bytes + size <= limits.replayBytes &&
    budget.bytes + size <= limits.replayTotalBytes;

  function count(size: number): void {
    bytes += size;
    budget.bytes += size;
  }

  return {
    keep(event) {
      const size = event.frame.length;
      const evicted: KeptEvent[] = [];
      while (!hasRoom(size) && events[0]) {
        count(-events[0].frame.length);
        evicted.push(...events.splice(0, 1));
      }
      if (!hasRoom(size)) return [...evicted, event];
      events.push(event);
      count(size);
      return evicted;
    },
    after: (stream, sequence) =>
      events
        .filter((event) => event.stream === stream && event.sequence > sequence)
        .map(({ frame }) => frame),
    holds: (stream) => events.some((event) => event.stream === stream),
    clear() {
      events.length = 0;
      count(-bytes);
    },
  };
}
