/** The upstreams: which there are, who shares which process of theirs, and what is told of them. */
import { createHash } from 'node:crypto';
import type { UpstreamReport, UpstreamState } from '../control.ts';
import type { Log } from '../log.ts';
import type { UpstreamDefinition } from '../upstreams.ts';
import type { Catalogs } from './catalogs.ts';
import type { Endpoint } from './endpoint.ts';
import { createCatalog } from './relay/catalog.ts';
import { createRelay, type Relay } from './relay/relay.ts';
import { createTraffic, type NextSequence, type Traffic } from './traffic.ts';
import type { Upstream } from './upstream.ts';

/** Gives the peer behind a definition; `workspace` is where a per-workspace one starts. */
export type StartUpstream = (definition: UpstreamDefinition, workspace: string | undefined) => Upstream;

export interface GatewayOptions {
  readonly log: Log;
  readonly startUpstream: StartUpstream;
  readonly catalogs: Catalogs;
  readonly nextSequence: NextSequence;
  nowMs(): number;
}

export interface GatewayEndpoint extends Endpoint {
  readonly traffic: Traffic;
  report(): UpstreamReport;
  /**
   * Another definition of the same name: processes of the old one end once no call waits for them, and sessions live
   * on. False if it is shared in another way, which no session can live through.
   */
  redefine(definition: UpstreamDefinition): boolean;
  /** A grant has ended: so does the process that its stateless requests had for themselves, and what is kept of it. */
  endGrant(grantId: string): void;
  sweep(): void;
  close(): Promise<void>;
}

interface State extends GatewayOptions {
  definition: UpstreamDefinition;
  readonly traffic: Traffic;
  /** By whom they are for: everybody, a workspace, or a grant. */
  readonly relays: Map<string, Relay>;
  /** Each for one session alone. */
  readonly exclusive: Set<Relay>;
  /** A request that was on its way may still find it: nothing is started any more. */
  isClosed: boolean;
}

const EVERYBODY = '';

/** Two definitions that start the same program the same way have the same one. */
function digestOf({ enabled: _, ...definition }: UpstreamDefinition): string {
  return createHash('sha256').update(JSON.stringify(definition)).digest('base64url');
}

/** The peer as the definition of the moment describes it. */
function currentUpstream(state: State, workspace: string | undefined): Upstream {
  let started: { definition: UpstreamDefinition; upstream: Upstream } | undefined;
  return {
    name: state.definition.name,
    connect(peer) {
      const { definition } = state;
      if (started?.definition !== definition) {
        started = { definition, upstream: state.startUpstream(definition, workspace) };
      }
      return started.upstream.connect(peer);
    },
  };
}

function createEndpointRelay(state: State, key: string, workspace: string | undefined): Relay {
  const { definition, catalogs, log, traffic, nowMs } = state;
  const place = { name: definition.name, key, digest: digestOf(definition) };
  const catalog = createCatalog(catalogs.get(place), (record) =>
    catalogs.save({ ...place, digest: digestOf(state.definition) }, record),
  );
  const upstream = currentUpstream(state, workspace);
  const relay = createRelay({ upstream, log, traffic, catalog, nowMs });
  state.relays.set(key, relay);
  if (state.isClosed) void relay.close();
  return relay;
}

function createExclusive(state: State, { workspace, params }: Parameters<Endpoint['open']>[0]): Relay {
  const { log, traffic, nowMs } = state;
  const upstream = currentUpstream(state, workspace);
  const catalog = createCatalog(undefined, () => {});
  const relay = createRelay({ upstream, log, traffic, catalog, nowMs, exclusive: params });
  state.exclusive.add(relay);
  if (state.isClosed) void relay.close();
  return relay;
}

function sharedRelay(state: State, workspace: string | undefined, grantId?: string): Relay {
  const { sharing } = state.definition;
  const key =
    sharing === 'shared' ? EVERYBODY : (sharing === 'per-session' && grantId) || (workspace ?? EVERYBODY);
  return (
    state.relays.get(key) ?? createEndpointRelay(state, key, sharing === 'shared' ? undefined : workspace)
  );
}

const allRelays = ({ relays, exclusive }: State): Relay[] => [...relays.values(), ...exclusive];

const BEST: readonly UpstreamState[] = ['running', 'starting', 'waiting', 'stopped'];

function report(state: State): UpstreamReport {
  const { name, sharing } = state.definition;
  const keyed = [...state.relays].map(([key, relay]) => ({ key, ...relay.report() }));
  const own = [...state.exclusive].map((relay) => ({ key: EVERYBODY, ...relay.report() }));
  const reports = [...keyed, ...own];
  const sum = (field: 'restarts' | 'calls'): number =>
    reports.reduce((total, each) => total + each[field], 0);
  const best = BEST.find((one) => reports.some((each) => each.state === one)) ?? 'stopped';
  return {
    name,
    sharing,
    state: best,
    processes: reports
      .filter((each) => each.state !== 'stopped')
      .map(({ pid, state: each, key }) => ({
        pid,
        state: each,
        workspace: sharing === 'per-workspace' ? key : undefined,
      })),
    restarts: sum('restarts'),
    calls: sum('calls'),
    lastError: reports.findLast(({ lastError }) => lastError !== undefined)?.lastError,
  };
}

/** A workspace or a grant that nobody has used for long may never come back. */
function sweep({ relays, exclusive }: State): void {
  for (const relay of exclusive) relay.sweep();
  for (const [key, relay] of relays) {
    if (!relay.sweep() || key === EVERYBODY) continue;
    relays.delete(key);
    void relay.close();
  }
}

/** The endpoint of one upstream. */
export function createGatewayEndpoint(
  definition: UpstreamDefinition,
  options: GatewayOptions,
): GatewayEndpoint {
  const traffic = createTraffic(options.nextSequence);
  const state: State = {
    ...options,
    definition,
    traffic,
    relays: new Map(),
    exclusive: new Set(),
    isClosed: false,
  };
  return {
    name: definition.name,
    path: `/mcp/${definition.name}`,
    traffic,
    open(beginning) {
      if (state.definition.sharing === 'per-session') return createExclusive(state, beginning);
      return sharedRelay(state, beginning.workspace);
    },
    find: ({ grantId, workspace }) => sharedRelay(state, workspace, grantId),
    release(relay) {
      if (state.exclusive.delete(relay)) void relay.close();
    },
    report: () => report(state),
    redefine(next) {
      if (next.sharing !== state.definition.sharing) return false;
      const isSame = digestOf(next) === digestOf(state.definition);
      state.definition = next;
      if (!isSame) for (const relay of allRelays(state)) relay.renew();
      return true;
    },
    endGrant(grantId) {
      if (state.definition.sharing !== 'per-session') return;
      void state.relays.get(grantId)?.close();
      state.relays.delete(grantId);
      options.catalogs.remove(definition.name, grantId);
    },
    sweep: () => sweep(state),
    async close() {
      state.isClosed = true;
      await Promise.all(allRelays(state).map((relay) => relay.close()));
    },
  };
}
