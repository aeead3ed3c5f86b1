import type { Caller } from '../../caller.ts';
import type { Exchange } from '../../exchange.ts';
import { isObject } from '../../json-object.ts';
import { limits } from '../../limits.ts';
import { type Client, UNREACHABLE } from '../client.ts';
import { ERROR, type JsonRpcMessage, type JsonRpcRequest, jsonRpcError } from '../json-rpc.ts';
import type { Relay } from '../relay/relay.ts';

export interface ListenerOptions {
  readonly relay: Relay;
  readonly caller: Caller;
  readonly message: JsonRpcMessage | undefined;
  readonly exchange: Exchange;
}

function urisOf(message: JsonRpcMessage | undefined): string[] {
  const filter = message && 'method' in message ? message.params?.notifications : undefined;
  const uris = isObject(filter) ? filter.resourceSubscriptions : undefined;
  if (!Array.isArray(uris)) return [];
  return [...new Set(uris)].filter((uri) => typeof uri === 'string').slice(0, limits.subscriptions);
}

/** Subscribes to the resources of a `subscriptions/listen` for as long as its stream is open. */
export function subscribeListener({ relay, caller, message, exchange }: ListenerOptions): void {
  const uris = urisOf(message);
  if (uris.length === 0) return;
  const client: Client = {
    grantId: caller.grantId,
    capabilities: {},
    inFlight: new Map(),
    ...UNREACHABLE,
  };
  const ignore = (): void => {};
  const ask = (question: JsonRpcRequest): void =>
    relay.answer(client, jsonRpcError(ERROR.methodNotFound, 'this cannot be asked here', question.id));
  const reply = { notify: ignore, ask, finish: ignore, abandon: ignore };
  for (const uri of uris) {
    const request = { jsonrpc: '2.0', id: uri, method: 'resources/subscribe', params: { uri } } as const;
    relay.call({ client, caller, request, reply });
  }
  exchange.onClose(() => relay.detach(client));
}
