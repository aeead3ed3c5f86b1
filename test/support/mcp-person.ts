import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { SSEClientTransport } from '@modelcontextprotocol/sdk/client/sse.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import {
  CreateMessageRequestSchema,
  ElicitRequestSchema,
  ListRootsRequestSchema,
  LoggingMessageNotificationSchema,
  ResourceListChangedNotificationSchema,
  ResourceUpdatedNotificationSchema,
} from '@modelcontextprotocol/sdk/types.js';
import { onTestFinished } from 'vitest';
import { trustedFetch } from '../mcp/trusted-fetch.ts';
import { waitFor } from './wait-for.ts';

/** Somebody at a client of the SDK that can do everything. Whatever they say bears their name. */
export interface Person {
  readonly name: string;
  readonly client: Client;
  /** What they were asked and told, as text. */
  readonly asked: readonly string[];
  readonly logs: readonly string[];
  readonly updated: readonly string[];
  /** The progress of every call, as it came in. */
  readonly steps: readonly number[];
  /** How often the list of resources changed. */
  resourceChanges(): number;
  /** Calls a tool; gives the text of its result. */
  call(tool: string, args?: Record<string, unknown>): Promise<string>;
  /** Loses every answer that is on its way, as when a laptop sleeps. */
  cut(): void;
}

export interface Endpoint {
  readonly url: string;
  readonly token: string;
}

/** A fetch whose posts can be cut, and that tells once the stream for everything else is open. */
function createFetch(): { fetch: typeof fetch; cut(): void; isListening(): boolean } {
  const posts = new Set<AbortController>();
  let listening = false;
  return {
    async fetch(input, init = {}) {
      const controller = new AbortController();
      if (init.method === 'POST') posts.add(controller);
      const signal = AbortSignal.any([controller.signal, ...(init.signal ? [init.signal] : [])]);
      const response = await trustedFetch(input, { ...init, signal });
      listening ||= init.method !== 'POST' && response.ok;
      return response;
    },
    cut() {
      for (const controller of posts) controller.abort();
      posts.clear();
    },
    isListening: () => listening,
  };
}

function createClient(name: string, asked: string[]): Client {
  const capabilities = {
    sampling: {},
    elicitation: { form: {}, url: {} },
    roots: { listChanged: true },
    tasks: { requests: { sampling: { createMessage: {} }, elicitation: { create: {} } } },
  };
  const client = new Client({ name, version: '1.0.0' }, { capabilities });
  client.setRequestHandler(CreateMessageRequestSchema, ({ params }) => {
    asked.push(JSON.stringify(params.messages));
    return { role: 'assistant', model: name, content: { type: 'text', text: `${name} thinks` } };
  });
  client.setRequestHandler(ElicitRequestSchema, ({ params }) => {
    asked.push(params.mode === 'url' ? params.url : params.message);
    return params.mode === 'url'
      ? { action: 'accept' }
      : { action: 'accept', content: { name, interpretation: 'technical' } };
  });
  client.setRequestHandler(ListRootsRequestSchema, () => ({ roots: [{ uri: `file:///${name}`, name }] }));
  return client;
}

/** Somebody connects, and listens; gone with the test. */
export async function connectPerson(
  name: string,
  { url, token }: Endpoint,
  transport: 'http' | 'sse' = 'http',
): Promise<Person> {
  const asked: string[] = [];
  const logs: string[] = [];
  const updated: string[] = [];
  const steps: number[] = [];
  let resourceChanges = 0;
  const client = createClient(name, asked);
  client.setNotificationHandler(LoggingMessageNotificationSchema, ({ params }) => {
    logs.push(String(params.data));
  });
  client.setNotificationHandler(ResourceUpdatedNotificationSchema, ({ params }) => {
    updated.push(params.uri);
  });
  client.setNotificationHandler(ResourceListChangedNotificationSchema, () => {
    resourceChanges++;
  });
  const { fetch, cut, isListening } = createFetch();
  const requestInit = { headers: { authorization: `Bearer ${token}` } };
  const reconnectionOptions = {
    initialReconnectionDelay: 50,
    maxReconnectionDelay: 1_000,
    reconnectionDelayGrowFactor: 2,
    maxRetries: 5,
  };
  const chosen =
    transport === 'sse'
      ? new SSEClientTransport(new URL(url), { fetch, requestInit })
      : new StreamableHTTPClientTransport(new URL(url), { fetch, requestInit, reconnectionOptions });
  onTestFinished(() => client.close());
  // Its optional properties do not say that they may be undefined, as the SDK's own interface does not either.
  await client.connect(chosen as Transport);
  // The client itself forgets the last progress if the result comes right behind it.
  const pass = chosen.onmessage;
  chosen.onmessage = (message) => {
    if ('method' in message && message.method === 'notifications/progress') {
      steps.push(Number(message.params?.progress));
    }
    pass?.(message);
  };
  await waitFor(`${name} to listen`, isListening);
  return {
    name,
    client,
    asked,
    logs,
    updated,
    steps,
    resourceChanges: () => resourceChanges,
    cut,
    async call(tool, args = {}) {
      const { content } = await client.callTool({ name: tool, arguments: args });
      return (content as { text?: string }[]).map(({ text = '' }) => text).join('\n');
    },
  };
}

/** Does the same with all of them at once. */
export const together = <T>(people: readonly Person[], act: (person: Person) => Promise<T>): Promise<T[]> =>
  Promise.all(people.map(act));
