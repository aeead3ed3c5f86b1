import type { Served } from './serve.ts';
import { trustedFetch } from './trusted-fetch.ts';

const BOTH_TYPES = 'application/json, text/event-stream';

export interface Sent {
  readonly token: string;
  readonly session?: string;
  readonly headers?: Record<string, string>;
  /** Closes the connection when it aborts. */
  readonly signal?: AbortSignal;
}

const headersOf = ({ token, session, headers }: Sent): Record<string, string> => ({
  ...(token && { authorization: `Bearer ${token}` }),
  ...(session && { 'mcp-session-id': session }),
  accept: BOTH_TYPES,
  ...headers,
});

/** Posts a message, or a body as it stands. */
export function post(url: string, sent: Sent, body: unknown): Promise<Response> {
  return trustedFetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headersOf(sent) },
    body: typeof body === 'string' || body instanceof Uint8Array ? (body as string) : JSON.stringify(body),
    ...(sent.signal && { signal: sent.signal }),
  });
}

export function send(method: 'GET' | 'HEAD' | 'DELETE', url: string, sent: Sent): Promise<Response> {
  return trustedFetch(url, { method, headers: headersOf(sent) });
}

export const call = (id: unknown, name: string, args: object = {}, more: object = {}) => ({
  jsonrpc: '2.0',
  id,
  method: 'tools/call',
  params: { name, arguments: args, ...more },
});

export const initialize = (protocolVersion = '2025-11-25') => ({
  jsonrpc: '2.0',
  id: 'first',
  method: 'initialize',
  params: { protocolVersion, capabilities: {}, clientInfo: { name: 'test', version: '1' } },
});

/** Opens a session and gives its id. */
export async function openSession({ url }: Served, token: string, version?: string): Promise<string> {
  const response = await post(`${url}/mcp`, { token }, initialize(version));
  const session = response.headers.get('mcp-session-id');
  if (!session) throw new Error(`no session: ${response.status} ${await response.text()}`);
  await response.json();
  return session;
}
