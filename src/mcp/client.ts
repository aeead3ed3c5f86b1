import type { JsonObject } from '../json-object.ts';
import type { JsonRpcNotification, JsonRpcRequest, JsonRpcResponse, RequestId } from './json-rpc.ts';

/** What is kept for a client: each of its open requests, and the id of our own that it goes by. */
export type InFlight = Map<RequestId, number>;

/** Whoever sends requests to a relay: a session, or one stateless request. */
export interface Client {
  readonly grantId: string;
  /** What it can do, in its own words: of `initialize`, or of a stateless request's `_meta`. */
  readonly capabilities: JsonObject;
  readonly inFlight: InFlight;
  /** Takes what belongs to none of its requests; false if it cannot be reached that way. */
  tell(message: JsonRpcNotification | JsonRpcRequest): boolean;
  /** Whether somebody reads that at the moment: a client that has left without a word does not. */
  isListening(): boolean;
}

/** Takes what comes back for one request. */
export interface Reply {
  notify(message: JsonRpcNotification): void;
  /** A question of the server to the client that made the request. */
  ask(question: JsonRpcRequest): void;
  /** `refused` is what the server would have needed of the client and was not given. */
  finish(response: JsonRpcResponse, refused?: JsonObject): void;
  /** The client cancelled the request: there will be no response. */
  abandon(): void;
}
