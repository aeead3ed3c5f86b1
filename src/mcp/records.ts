import type { JsonObject } from '../json-object.ts';
import type { RequestId } from './json-rpc.ts';

/** What the journal and the catalogs need of a database. `store` satisfies it; nothing here knows which one it is. */
export type RecordOperation =
  | { readonly type: 'put'; readonly key: string; readonly value: unknown }
  | { readonly type: 'del'; readonly key: string };

export type Entry = readonly [key: string, value: unknown];

export interface Records {
  /** All operations or none, one batch after the other; resolves once they survive the end of this process. */
  batch(operations: readonly RecordOperation[], options: { readonly flush: false }): Promise<void>;
  /** Every record whose key starts with the prefix, in key order. */
  entries(prefix: string): AsyncIterable<Entry>;
}

/** An event stream, without its events. */
export interface StreamRecord {
  /** The requests whose responses are still to come on it. */
  readonly owed: readonly RequestId[];
  /** Every event behind this one is kept. */
  readonly floor: number;
  readonly isFinished: boolean;
}

/** What a session's owner wants to know again; the journal never looks into it. */
export type SessionRecord = JsonObject;

export const SESSIONS = 'session/';

/**
 * Every key. All of a session's stand under one prefix, which goes as a whole when the session ends. Numbers have
 * 15 digits, so that key order is their order.
 *
 * | key                           | value                                                        |
 * |-------------------------------|--------------------------------------------------------------|
 * | session/<id>/record           | SessionRecord                                                |
 * | session/<id>/era              | how many restarts of the daemon the session has outlived     |
 * | session/<id>/stream/<number>  | StreamRecord                                                 |
 * | session/<id>/event/<position> | the frame as it was sent, which begins with its event id;    |
 * |                               | positions count the events of all of the session's streams   |
 */
export const keys = {
  session: (id: string): string => `${SESSIONS}${id}/`,
  record: (id: string): string => `${SESSIONS}${id}/record`,
  era: (id: string): string => `${SESSIONS}${id}/era`,
  stream: (id: string, number: number): string => `${SESSIONS}${id}/stream/${digits(number)}`,
  event: (id: string, position: number): string => `${SESSIONS}${id}/event/${digits(position)}`,
} as const;

const digits = (number: number): string => String(number).padStart(15, '0');
