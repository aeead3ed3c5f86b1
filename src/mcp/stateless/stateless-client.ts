import type { JsonObject } from '../../json-object.ts';
import type { Client } from '../client.ts';
import type { RequestId } from '../json-rpc.ts';

export interface StatelessClient extends Client {
  /** What it declares with each of its requests. */
  capabilities: JsonObject;
}

/** A client without a session: nothing reaches it but what belongs to its request. */
export function createStatelessClient(grantId: string): StatelessClient {
  return {
    grantId,
    capabilities: {},
    inFlight: new Map<RequestId, number>(),
    tell: () => false,
    isListening: () => false,
  };
}
