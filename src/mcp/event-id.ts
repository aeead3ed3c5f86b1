/** A name for an event that is unique in its session: its stream's number, and its own on that stream. */
export const formatEventId = (stream: number, sequence: number): string => `${stream}-${sequence}`;

/** Stream and sequence; `NaN`s, which name no stream, for what is no id of ours. */
export function parseEventId(id: string): [stream: number, sequence: number] {
  const match = /^(\d{1,15})-(\d{1,15})$/.exec(id);
  return [Number(match?.[1]), Number(match?.[2])];
}

/**
 * Numbers of streams and events go on at the next multiple of this when the daemon was restarted. What was sent in
 * the last moment before a crash may not be in the journal, and no id may ever mean two events.
 */
const ERA = 1_000_000_000;

/** The last number before those of an era; 0 for the first. */
export const lastBefore = (era: number): number => era * ERA;

/** Whether nothing can stand between two events of a stream: numbers have gaps only where an era begins. */
export const isNext = (sequence: number, newer: number): boolean =>
  sequence === newer - 1 || (isFirstOfEra(newer) && sequence < newer);

export const isFirstOfEra = (sequence: number): boolean => sequence % ERA === 1;
