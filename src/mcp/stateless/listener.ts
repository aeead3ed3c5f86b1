import type { Caller } from '../../caller.ts';
import { isObject, type JsonObject } from '../../json-object.ts';
import { limits } from '../../limits.ts';
import { ERROR, type JsonRpcRequest, jsonRpcError } from '../json-rpc.ts';
import type { Relay } from '../relay/relay.ts';
import { createStatelessClient } from './stateless-client.ts';

export interface ListenerOptions {
  readonly relay: Relay;
  readonly caller: Caller;
  /** The body of `subscriptions/listen`. */
  readonly message: unknown;
  /** Aborts when the stream closes. */
  readonly signal: AbortSignal;
}

const filterOf = (message: unknown): JsonObject => {
  const params = isObject(message) && isObject(message.params) ? message.params : {};
  return isObject(params.notifications) ? params.notifications : {};
};

/** The same message with no more resources than one may subscribe to (R52): the client is told which these are. */
export function withinLimits(message: unknown): unknown {
  const notifications = filterOf(message);
  const { resourceSubscriptions: uris } = notifications;
  if (!isObject(message) || !Array.isArray(uris) || uris.length <= limits.subscriptions) return message;
  const fewer = { ...notifications, resourceSubscriptions: uris.slice(0, limits.subscriptions) };
  return { ...message, params: { ...(message.params as JsonObject), notifications: fewer } };
}

/** Subscribes to the resources of a `subscriptions/listen` for as long as its stream is open. */
export async function subscribeListener({ relay, caller, message, signal }: ListenerOptions): Promise<void> {
  const { resourceSubscriptions: uris } = filterOf(message);
  const { resources } = (await relay.initialize()).capabilities as JsonObject;
  const isServed = isObject(resources) && resources.subscribe === true;
  if (!Array.isArray(uris) || !isServed || signal.aborted) return;
  const client = createStatelessClient(caller.grantId);
  const ignore = (): void => {};
  const ask = (question: JsonRpcRequest): void =>
    relay.answer(client, jsonRpcError(ERROR.methodNotFound, 'this cannot be asked here', question.id));
  const reply = { notify: ignore, ask, finish: ignore, abandon: ignore };
  for (const uri of new Set(uris)) {
    const request = { jsonrpc: '2.0', id: uri, method: 'resources/subscribe', params: { uri } } as const;
    relay.call({ client, caller, request, reply });
  }
  signal.addEventListener('abort', () => relay.detach(client), { once: true });
}
