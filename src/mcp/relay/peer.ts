/**
 * One upstream as its relay sees it: something that is up or can be brought up. It is started by whoever first needs
 * it, and again after it ended. It counts as hung when somebody waits and it says nothing for a minute, not even to a
 * ping.
 */
import type { Caller } from '../../caller.ts';
import type { UpstreamState } from '../../control.ts';
import type { JsonObject } from '../../json-object.ts';
import type { JsonRpcMessage, Params } from '../json-rpc.ts';
import { createBackOff } from './back-off.ts';
import { createOwnRequests } from './own-requests.ts';
import { type Life, type PeerOptions, ready, stateOf, stop } from './peer-life.ts';

export interface Peer {
  /** Its answer to `initialize`; starts it if need be. Rejects with a one-line reason. */
  ready(): Promise<Params>;
  isUp(): boolean;
  /** Does nothing while it is down. Gives the length of the message as JSON. */
  send(message: JsonRpcMessage, caller?: Caller): number | undefined;
  /** Whether it is behind with its reading. */
  isFull(): boolean;
  /** A request of our own. Rejects with the peer's error, or when it ends. */
  request(method: string, params?: JsonObject): Promise<Params>;
  state(): UpstreamState;
  pid(): number | undefined;
  /** How often it came back after it had ended by itself. */
  restarts(): number;
  lastError(): string | undefined;
  /** Ends it; the next `ready` starts it again. */
  stop(): Promise<void>;
  /** Ends it for good. */
  close(): Promise<void>;
}

export function createPeer(options: PeerOptions): Peer {
  const life: Life = {
    options,
    backOff: createBackOff(options.nowMs),
    own: createOwnRequests(options.nextId, (request) => life.connection?.send(request)),
    connection: undefined,
    result: undefined,
    starting: undefined,
    generation: 0,
    isClosed: false,
    restarts: 0,
    hasFailed: false,
    lastError: undefined,
    heardMs: 0,
    isPinged: false,
    watch: undefined,
    revival: undefined,
  };
  return {
    ready: () => ready(life),
    isUp: () => life.result !== undefined,
    send: (message, caller) => life.connection?.send(message, caller),
    isFull: () => life.connection?.isFull() === true,
    request: life.own.request,
    state: () => stateOf(life),
    pid: () => life.connection?.pid,
    restarts: () => life.restarts,
    lastError: () => life.lastError,
    stop: () => stop(life),
    close() {
      life.isClosed = true;
      return stop(life);
    },
  };
}
