import type { Caller } from '../caller.ts';
import type { JsonRpcMessage, RequestId } from './json-rpc.ts';

/** Where a JSON-RPC peer comes from: our own server `code` in this process, or a program on stdio. */
export interface Upstream {
  /** The server's name in Claude. */
  readonly name: string;
  /** Starts the peer. Rejects with a one-line reason if it cannot be started. */
  connect(peer: PeerEvents): Promise<Connection>;
}

/** What the peer does. */
export interface PeerEvents {
  deliver(message: JsonRpcMessage, details: Details): void;
  /** The peer is gone, once, with a one-line reason; not called after `close`. */
  ended(reason: string): void;
}

export interface Details {
  /** How long the message was as JSON; undefined where it was never text. */
  readonly bytes?: number;
  /** The request a notification belongs to, where the peer can tell. */
  readonly relatedId?: RequestId | undefined;
}

export interface Connection {
  /** Undefined for a peer in this process. */
  readonly pid: number | undefined;
  /**
   * Hands over a message and gives its length as JSON, undefined where it never becomes text; `caller` is who sent
   * it, undefined for the relay itself.
   */
  send(message: JsonRpcMessage, caller?: Caller): number | undefined;
  /** Whether it has so much to read that whoever wants something of it should be refused. */
  isFull(): boolean;
  /** What the peer said, without the secrets that it was started with: for the log (R55). */
  redact(text: string): string;
  /** Ends the peer; resolves once it is gone. */
  close(): Promise<void>;
}
