import type { UpstreamReport } from '../control.ts';
import type { UpstreamDefinition } from '../upstreams.ts';
import { createGatewayEndpoint, type GatewayEndpoint, type GatewayOptions } from './gateway.ts';

export interface Endpoints {
  /** Replaces the upstreams: nothing happens to those that stay as they are. */
  define(definitions: readonly UpstreamDefinition[]): void;
  find(name: string): GatewayEndpoint | undefined;
  report(): UpstreamReport[];
  endGrant(grantId: string): void;
  sweep(): void;
  close(): Promise<void>;
}

export interface EndpointsOptions extends GatewayOptions {
  /** There is one more upstream. */
  onAdded(endpoint: GatewayEndpoint): void;
  /** An upstream is no more: its processes end, and its sessions with them. */
  onRemoved(endpoint: GatewayEndpoint): void;
}

const disabled = ({ name, sharing }: UpstreamDefinition): UpstreamReport => ({
  name,
  sharing,
  state: 'disabled',
  processes: [],
  restarts: 0,
  calls: 0,
  lastError: undefined,
});

/** The upstreams that are on, as the person's file has them. */
export function createEndpoints(options: EndpointsOptions): Endpoints {
  const endpoints = new Map<string, GatewayEndpoint>();
  let defined: readonly UpstreamDefinition[] = [];

  function remove(endpoint: GatewayEndpoint): void {
    endpoints.delete(endpoint.name);
    // Before its sessions end: whoever waits for an answer is told that none will come.
    void endpoint.close();
    options.onRemoved(endpoint);
  }

  function add(definition: UpstreamDefinition): void {
    const endpoint = createGatewayEndpoint(definition, options);
    endpoints.set(definition.name, endpoint);
    options.onAdded(endpoint);
  }

  return {
    define(definitions) {
      const on = new Map(definitions.filter(({ enabled }) => enabled).map((each) => [each.name, each]));
      for (const { name } of defined) {
        if (definitions.every((each) => each.name !== name)) options.catalogs.remove(name);
      }
      defined = definitions;
      for (const endpoint of [...endpoints.values()]) {
        const next = on.get(endpoint.name);
        if (!next || !endpoint.redefine(next)) remove(endpoint);
      }
      for (const [name, definition] of on) if (!endpoints.has(name)) add(definition);
    },
    find: (name) => endpoints.get(name),
    report: () => defined.map((each) => endpoints.get(each.name)?.report() ?? disabled(each)),
    endGrant(grantId) {
      for (const endpoint of endpoints.values()) endpoint.endGrant(grantId);
    },
    sweep() {
      for (const endpoint of endpoints.values()) endpoint.sweep();
    },
    async close() {
      await Promise.all([...endpoints.values()].map((endpoint) => endpoint.close()));
    },
  };
}
