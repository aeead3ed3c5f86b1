import { limits } from '../limits.ts';

const NONE: readonly string[] = [];
// `GET`, a space, the target, ` HTTP/1.1`, CR LF, and the empty line at the end.
const REQUEST_LINE_REST = 14;
// Colon, space, CR LF.
const HEADER_REST = 4;

/** What an engine gathers of a request before anything is decided about it. */
export interface RequestHead {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly headers: Record<string, string | undefined>;
  repeated: readonly string[];
  count: number;
  bytes: number;
}

export function createHead(method: string, path: string, query: string): RequestHead {
  return {
    method,
    path,
    query,
    // Without a prototype no header name (`constructor`, `__proto__`) finds or hits anything inherited.
    headers: { __proto__: null } as unknown as Record<string, string | undefined>,
    repeated: NONE,
    count: 0,
    bytes: method.length + path.length + query.length + REQUEST_LINE_REST,
  };
}

/** Adds one header line; `name` must be in lower case. */
export function addHeader(head: RequestHead, name: string, value: string): void {
  head.count++;
  head.bytes += name.length + value.length + HEADER_REST;
  if (head.headers[name] === undefined) head.headers[name] = value;
  else if (!head.repeated.includes(name)) head.repeated = [...head.repeated, name];
}

/**
 * R17. Both engines count for themselves only while a head arrives in pieces (uWebSockets.js) or cut the list
 * silently (node:https), so the size is judged here, the same for every way the bytes were split.
 */
export function isHeadTooLarge(head: RequestHead): boolean {
  return head.count > limits.headerCount || head.bytes > limits.headerBytes;
}
