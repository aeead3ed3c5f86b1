/**
 * The port between an HTTP engine and the routes: one plain object per request. It is not the web's
 * Request/Response because building those costs 5-6 x the throughput (design 5: 69-77k against 10-13k/s).
 */

/** Lower-cased name to value. Of a repeated header the first value stands; `repeated` names it. */
export type Headers = Readonly<Record<string, string | undefined>>;

export type ResponseHeaders = Readonly<Record<string, string>>;

export interface Exchange {
  readonly method: string;
  /** The request target up to `?`, exactly as sent: neither decoded nor normalised. */
  readonly path: string;
  /** What follows `?`, exactly as sent; empty without one. */
  readonly query: string;
  readonly headers: Headers;
  /** Lower-cased names of the headers that came more than once. */
  readonly repeated: readonly string[];
  /** The peer's IP address as the socket knows it; no header or preamble changes it. */
  readonly peer: string;
  /** True once the client is gone or the answer is complete: whatever is written then is dropped. */
  readonly closed: boolean;

  /**
   * The whole body. Must be called synchronously, before the handler's first `await`. Rejects with
   * `BodyTooLarge` past `maxBytes` (the engine has then answered 413 and closes), and with `ClientGone`.
   */
  body(maxBytes: number): Promise<Buffer>;

  /** Answers once and completely. A header value outside `[\t\x20-\x7e]` throws before anything is sent. */
  respond(status: number, headers: ResponseHeaders, body?: string | Uint8Array): void;

  /**
   * Begins a streamed answer. The head may travel only with the first chunk (uWebSockets.js), so a stream that
   * has nothing to say yet writes a comment at once.
   */
  stream(status: number, headers: ResponseHeaders): ResponseStream;

  /** The client has shown a good credential: its connection is not the one to go when there are too many (R19). */
  vouch(): void;

  /** Closes the connection without an answer: the only thing that stops bytes already buffered behind it. */
  drop(): void;

  /** Called once when the exchange ends, whichever way; at once if it has ended already. */
  onClose(listener: () => void): void;
}

export interface ResponseStream {
  readonly closed: boolean;
  /**
   * Queues a chunk. A reader that leaves more than `limits.streamQueueBytes` unread, or reads nothing for
   * `limits.streamStallMs`, is cut off: writing never waits and never grows without bound.
   */
  write(chunk: string | Uint8Array): void;
  end(): void;
}

export type Handler = (exchange: Exchange) => void | Promise<void>;

/** Exact path to method to handler. No patterns: a path matches byte for byte or not at all. */
export type Routes = Readonly<Record<string, Readonly<Record<string, Handler>>>>;

/** The body went past its limit; the engine has already answered 413. */
export class BodyTooLarge extends Error {}

/** The client closed the connection before the exchange was complete. */
export class ClientGone extends Error {}

/** Answers JSON that no cache keeps. */
export function respondJson(
  exchange: Exchange,
  status: number,
  value: unknown,
  headers: ResponseHeaders = {},
): void {
  exchange.respond(
    status,
    { 'content-type': 'application/json', 'cache-control': 'no-store', ...headers },
    JSON.stringify(value),
  );
}
