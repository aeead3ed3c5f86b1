import { expect, onTestFinished, vi } from 'vitest';
import type { Caller } from '../../../src/caller.ts';
import { limits } from '../../../src/limits.ts';
import type { Client, Reply } from '../../../src/mcp/client.ts';
import type {
  JsonRpcNotification,
  JsonRpcRequest,
  JsonRpcResponse,
  Params,
  RequestId,
} from '../../../src/mcp/json-rpc.ts';
import { type CatalogRecord, createCatalog } from '../../../src/mcp/relay/catalog.ts';
import { createRelay, type Relay } from '../../../src/mcp/relay/relay.ts';
import { createTraffic } from '../../../src/mcp/traffic.ts';
import { createScriptedPeer, type ScriptedPeer } from './scripted-peer.ts';

/** A request of a client, with everything that came back for it. */
export interface Made {
  readonly notes: readonly JsonRpcNotification[];
  readonly questions: readonly JsonRpcRequest[];
  readonly response: JsonRpcResponse | undefined;
  readonly refused: unknown;
  readonly isAbandoned: boolean;
}

/** Somebody at a session. */
export interface ScriptedClient extends Client {
  /** What came to the session itself, for none of its requests. */
  readonly told: readonly (JsonRpcNotification | JsonRpcRequest)[];
  /** Everything that came, wherever. */
  readonly seen: readonly object[];
  call(id: RequestId, method?: string, params?: Params): Made;
  answer(response: object): void;
  notify(method: string, params?: Params): void;
  cancel(id: RequestId, reason?: string): void;
}

export interface Started {
  readonly relay: Relay;
  readonly peer: ScriptedPeer;
  readonly logged: readonly { readonly event: string; readonly fields: unknown }[];
  /** What the catalog was last saved as. */
  saved(): CatalogRecord | undefined;
  join(grantId: string, capabilities?: Params): ScriptedClient;
  /** Lets that much time go by, with the relay's own sweeps. */
  pass(milliseconds: number): Promise<void>;
}

export interface RelayStory {
  readonly peer?: ScriptedPeer;
  readonly kept?: CatalogRecord;
  readonly exclusive?: Params;
  /** Clients that only look do not start the server. */
  readonly isLazy?: boolean;
}

export const EVERYTHING: Params = { sampling: {}, elicitation: { form: {}, url: {} }, roots: {} };

export const callerOf = (grantId: string): Caller => ({
  grantId,
  tokenId: `token-${grantId}`,
  clientId: `client-${grantId}`,
  scopes: ['mcp'],
  workspace: undefined,
  ended: new AbortController().signal,
});

type Writable<T> = { -readonly [K in keyof T]: T[K] };

function createClient(relay: Relay, grantId: string, capabilities: Params): ScriptedClient {
  const told: (JsonRpcNotification | JsonRpcRequest)[] = [];
  const seen: object[] = [];

  function call(id: RequestId, method = 'tools/call', params: Params = { name: 'x' }): Made {
    const notes: JsonRpcNotification[] = [];
    const questions: JsonRpcRequest[] = [];
    const made: Writable<Made> = {
      notes,
      questions,
      response: undefined,
      refused: undefined,
      isAbandoned: false,
    };
    const reply: Reply = {
      notify(note) {
        notes.push(note);
        seen.push(note);
      },
      ask(question) {
        questions.push(question);
        seen.push(question);
      },
      finish(response, refused) {
        if (made.response || made.isAbandoned) throw new Error('answered twice');
        Object.assign(made, { response, refused });
        seen.push(response);
      },
      abandon() {
        made.isAbandoned = true;
      },
    };
    const request: JsonRpcRequest = { jsonrpc: '2.0', id, method, params };
    relay.call({ client, caller: callerOf(grantId), request, reply });
    return made;
  }

  const client: ScriptedClient = {
    grantId,
    capabilities,
    inFlight: new Map(),
    told,
    seen,
    tell: (message) => seen.push(message) > 0 && told.push(message) > 0,
    isListening: () => true,
    call,
    answer: (response) => relay.answer(client, { jsonrpc: '2.0', ...response } as JsonRpcResponse),
    notify: (method, params) => relay.notify(client, { jsonrpc: '2.0', method, ...(params && { params }) }),
    cancel: (id, reason) => relay.cancel(client, id, reason),
  };
  return client;
}

/** A relay before a scripted server that is up, on a clock that only the test moves. */
export async function startRelay(story: RelayStory = {}): Promise<Started> {
  const { peer = createScriptedPeer(), kept, exclusive, isLazy = false } = story;
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'performance'] });
  const logged: { event: string; fields: unknown }[] = [];
  const note = (event: string, fields?: unknown): void => void logged.push({ event, fields });
  let sequence = 0;
  let saved: CatalogRecord | undefined;
  const relay = createRelay({
    upstream: peer,
    log: { error: note, info: note, debug: note, close() {} },
    catalog: createCatalog(kept, (record) => {
      saved = record;
    }),
    traffic: createTraffic(() => sequence++),
    nowMs: () => performance.now(),
    ...(exclusive && { exclusive }),
  });
  const sweeping = setInterval(() => relay.sweep(), limits.sseKeepAliveMs);
  onTestFinished(async () => {
    clearInterval(sweeping);
    await relay.close();
    vi.useRealTimers();
    expect(logged.filter(({ event }) => event === 'upstream.fault')).toEqual([]);
  });
  const pass = async (milliseconds: number): Promise<void> => {
    await vi.advanceTimersByTimeAsync(milliseconds);
  };
  if (!isLazy) await Promise.all([relay.initialize(), pass(0)]);
  return {
    relay,
    peer,
    logged,
    saved: () => saved,
    join(grantId, capabilities = EVERYTHING) {
      const client = createClient(relay, grantId, capabilities);
      relay.attach(client);
      return client;
    },
    pass,
  };
}
