import type { Caller } from '../caller.ts';
import type { JsonRpcMessage, RequestId } from './json-rpc.ts';

/**
 * A JSON-RPC peer that all sessions share: our own server `code` in this process, later programs on stdio.
 * It is initialized once, without client capabilities, and every request to it carries an id of the relay's.
 */
export interface Upstream {
  /** The server's name in Claude. */
  readonly name: string;
  /** Starts the peer; what it says goes to `deliver`. */
  connect(deliver: Deliver): Promise<Connection>;
}

/** `relatedId` is the request a notification belongs to, where the peer can tell. */
export type Deliver = (message: JsonRpcMessage, relatedId?: RequestId) => void;

export interface Connection {
  /** Hands over a message; `caller` is who sent it, undefined for the relay itself. */
  send(message: JsonRpcMessage, caller?: Caller): void;
  close(): void;
}
