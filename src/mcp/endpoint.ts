import type { Params } from './json-rpc.ts';
import type { Relay } from './relay/relay.ts';

/** What a session is begun with; the same again finds it after a restart of the daemon. */
export interface Beginning {
  /** The directory the launcher minted the token for; undefined for OAuth clients. */
  readonly workspace: string | undefined;
  /** The client's own params of `initialize`. */
  readonly params: Params;
}

/** One server at one path: `/mcp` for our own, `/mcp/<name>` for an upstream. */
export interface Endpoint {
  readonly name: string;
  readonly path: string;
  /** The relay for a new session. */
  open(beginning: Beginning): Relay;
  /** The relay for a stateless request of this grant. */
  find(caller: { readonly grantId: string; readonly workspace: string | undefined }): Relay;
  /** The session is over: a server that it had for itself ends. */
  release(relay: Relay): void;
}
