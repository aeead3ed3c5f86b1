/** A client of revision 2026-07-28, by hand: every header and every key can be something else. */
import type { JsonRpcRequest } from '../../../src/mcp/json-rpc.ts';
import type { EngineName } from '../../support/listen.ts';
import { post } from '../client.ts';
import { type Asked, createScriptedUpstream, type ScriptedUpstream } from '../scripted-upstream.ts';
import { type Served, serveMcp } from '../serve.ts';

export const KEY = {
  version: 'io.modelcontextprotocol/protocolVersion',
  info: 'io.modelcontextprotocol/clientInfo',
  capabilities: 'io.modelcontextprotocol/clientCapabilities',
  logLevel: 'io.modelcontextprotocol/logLevel',
  serverInfo: 'io.modelcontextprotocol/serverInfo',
  subscription: 'io.modelcontextprotocol/subscriptionId',
} as const;
export const VERSION = '2026-07-28';
export const SERVER_INFO = { name: 'scripted', version: '1' };

type JsonObject = Record<string, unknown>;

export interface Message {
  readonly jsonrpc: '2.0';
  readonly id?: unknown;
  readonly method: string;
  readonly params?: JsonObject;
}

export const envelope = (capabilities: object = {}, more: object = {}): JsonObject => ({
  [KEY.version]: VERSION,
  [KEY.info]: { name: 'test', version: '1' },
  [KEY.capabilities]: capabilities,
  ...more,
});

export const request = (
  id: unknown,
  method: string,
  params: object = {},
  meta: object = envelope(),
): Message => ({
  jsonrpc: '2.0',
  id,
  method,
  params: { ...params, _meta: meta },
});

/** The headers that go with a body. */
export function headersOf({ method, params = {} }: Message): Record<string, string> {
  const name = params.name ?? params.uri;
  return {
    'mcp-protocol-version': VERSION,
    'mcp-method': method,
    ...(typeof name === 'string' && ['tools/call', 'prompts/get', 'resources/read'].includes(method)
      ? { 'mcp-name': name }
      : {}),
  };
}

/** One answer, read to its end. */
export interface Answer {
  readonly status: number;
  readonly type: string | null;
  // biome-ignore lint/suspicious/noExplicitAny: an answer is whatever came
  readonly body: any;
  readonly headers: Headers;
}

export async function readAnswer(response: Response): Promise<Answer> {
  const text = await response.text();
  const { status, headers } = response;
  const type = headers.get('content-type');
  return { status, type, headers, body: bodyOf(type, text) };
}

/** JSON at once, or as the one event of a call that took longer; anything else as it stands. */
function bodyOf(type: string | null, text: string): Answer['body'] {
  if (type === 'application/json') return JSON.parse(text);
  const data = text
    .split('\n')
    .find((line) => line.startsWith('data: '))
    ?.slice('data: '.length);
  return type === 'text/event-stream' && data ? JSON.parse(data) : text;
}

interface As {
  /** Of somebody else. */
  readonly token?: string;
  readonly signal?: AbortSignal;
}

export interface Modern {
  readonly served: Served;
  readonly upstream: ScriptedUpstream;
  readonly url: string;
  readonly token: string;
  /** Posts with the headers that belong to the message; `headers` stand above those. */
  post(message: Message, headers?: Record<string, string>, as?: As): Promise<Response>;
  /** The same, read to its end. */
  send(message: Message, headers?: Record<string, string>, as?: As): Promise<Answer>;
  /** What the server was sent of that method. */
  sent(method: string): Message[];
  /** How often. */
  count(method: string): number;
}

export interface ModernOptions {
  readonly described?: object;
  readonly now?: () => number;
}

/** An endpoint in front of a scripted server, and a client of 2026-07-28. */
export async function startModern(
  engine: EngineName,
  answer: (asked: Asked) => void,
  { described, now }: ModernOptions = {},
): Promise<Modern> {
  const upstream = createScriptedUpstream(answer, described);
  const served = await serveMcp(engine, upstream, now);
  const url = `${served.url}/mcp`;
  const token = served.token('a');
  const postModern: Modern['post'] = (message, headers = {}, as = {}) =>
    post(url, { token, ...as, headers: { ...headersOf(message), ...headers } }, message);
  const sent = (method: string): Message[] =>
    upstream.received.filter(
      (each): each is Message & JsonRpcRequest => 'method' in each && each.method === method,
    );
  return {
    served,
    upstream,
    url,
    token,
    post: postModern,
    send: async (...sent) => readAnswer(await postModern(...sent)),
    sent,
    count: (method) => sent(method).length,
  };
}
