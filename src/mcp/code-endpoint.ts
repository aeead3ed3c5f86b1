import type { Endpoint } from './endpoint.ts';
import type { GatewayOptions } from './gateway.ts';
import { createCatalog } from './relay/catalog.ts';
import { createRelay } from './relay/relay.ts';
import { createTraffic, type Traffic } from './traffic.ts';
import type { Upstream } from './upstream.ts';

export interface CodeEndpoint extends Endpoint {
  readonly traffic: Traffic;
  close(): Promise<void>;
}

/** Our own server, at `/mcp`: one for all clients, in this process. */
export function createCodeEndpoint({
  code,
  log,
  nextSequence,
  nowMs,
}: Pick<GatewayOptions, 'log' | 'nextSequence' | 'nowMs'> & { readonly code: Upstream }): CodeEndpoint {
  const traffic = createTraffic(nextSequence);
  const catalog = createCatalog(undefined, () => {});
  const relay = createRelay({ upstream: code, log, traffic, catalog, nowMs });
  return {
    name: code.name,
    path: '/mcp',
    traffic,
    open: () => relay,
    find: () => relay,
    release() {},
    close: relay.close,
  };
}
