import type { ServerEventBus } from '@modelcontextprotocol/server';
import type { JsonRpcNotification } from '../json-rpc.ts';
import type { Relay } from '../relay/relay.ts';

type ServerEvent = Parameters<ServerEventBus['publish']>[0];

const KINDS = {
  'notifications/tools/list_changed': 'tools_list_changed',
  'notifications/prompts/list_changed': 'prompts_list_changed',
  'notifications/resources/list_changed': 'resources_list_changed',
} as const;

function eventOf({ method, params }: JsonRpcNotification): ServerEvent | undefined {
  if (method === 'notifications/resources/updated') {
    return { kind: 'resource_updated', uri: String(params?.uri), ...(params && { params }) };
  }
  const kind = Object.hasOwn(KINDS, method) ? KINDS[method as keyof typeof KINDS] : undefined;
  return kind && { kind };
}

/** The changes that a relay tells of, for the streams of `subscriptions/listen`. */
export function createChangeBus(relay: Relay): ServerEventBus {
  return {
    publish() {},
    subscribe: (listener) =>
      relay.watch((change) => {
        const event = eventOf(change);
        if (event) listener(event);
      }),
  };
}
