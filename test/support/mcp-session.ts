import { expect } from 'vitest';
import { call, initialize, post, send } from '../mcp/client.ts';
import { type EventReader, readEvents } from '../mcp/event-reader.ts';
import type { Endpoint } from './mcp-person.ts';

/** A JSON-RPC response as it came. */
export interface Answer {
  readonly id?: unknown;
  readonly result?: {
    readonly content?: readonly { readonly text: string }[];
    readonly [name: string]: unknown;
  };
  readonly error?: { readonly code: number; readonly message: string };
}

/** A session of revision 2025-11-25, byte by byte. */
export interface McpSession {
  readonly id: string;
  /** The HTTP answer to any message. */
  post(message: unknown): Promise<Response>;
  /** The response to a request, be it JSON or an event. */
  request(method: string, params?: object): Promise<Answer>;
  /** What the tool gave, parsed; fails the test if it is an error. */
  call(tool: string, args?: object): Promise<unknown>;
  /** The response to a call, whatever it is. */
  tryCall(tool: string, args?: object): Promise<Answer>;
  /** The stream that belongs to no request, or what is left of the one that the event was on. */
  listen(lastEventId?: string): Promise<Response>;
  delete(): Promise<number>;
  /** The same session at the hands of another token. */
  as(token: string): McpSession;
}

const isResponse = (message: Record<string, unknown>): boolean => !('method' in message);

/** The response in an HTTP answer; what comes before it is passed over. */
export async function readAnswer(response: Response): Promise<Answer> {
  if (!response.headers.get('content-type')?.startsWith('text/event-stream')) return response.json();
  const events = readEvents(response);
  for (;;) {
    const message = await events.message();
    if (isResponse(message)) return message as Answer;
  }
}

/** What a tool gave, parsed; fails the test if it is an error. */
function textOf({ result, error }: Answer): unknown {
  expect(error).toBeUndefined();
  return JSON.parse(result?.content?.[0]?.text ?? 'null');
}

let lastId = 0;

function createSession(endpoint: Endpoint, id: string): McpSession {
  const { url, token } = endpoint;
  const sent = { token, session: id };
  const request = async (message: object): Promise<Answer> => readAnswer(await post(url, sent, message));
  const tryCall = (tool: string, args?: object): Promise<Answer> => request(call(++lastId, tool, args));
  return {
    id,
    tryCall,
    post: (message) => post(url, sent, message),
    request: (method, params = {}) => request({ jsonrpc: '2.0', id: ++lastId, method, params }),
    call: async (tool, args) => textOf(await tryCall(tool, args)),
    listen: (lastEventId) =>
      send('GET', url, {
        ...sent,
        headers: lastEventId === undefined ? {} : { 'last-event-id': lastEventId },
      }),
    delete: async () => (await send('DELETE', url, sent)).status,
    as: (other) => createSession({ url, token: other }, id),
  };
}

/** Initializes; gives what came instead of a session where there is none. */
export async function tryOpenSession(
  endpoint: Endpoint,
  capabilities: object = {},
): Promise<{ session: McpSession | undefined; status: number; answer: Answer }> {
  const opening = initialize();
  const message = { ...opening, params: { ...opening.params, capabilities } };
  const response = await post(endpoint.url, { token: endpoint.token }, message);
  const id = response.headers.get('mcp-session-id');
  const answer = await readAnswer(response);
  return { session: id === null ? undefined : createSession(endpoint, id), status: response.status, answer };
}

export async function openSession(endpoint: Endpoint, capabilities?: object): Promise<McpSession> {
  const { session, status, answer } = await tryOpenSession(endpoint, capabilities);
  if (!session) throw new Error(`no session: ${status} ${JSON.stringify(answer)}`);
  return session;
}

/** The next event with an id, and who reads on. */
export async function firstEventId(response: Response): Promise<{ id: string; events: EventReader }> {
  const events = readEvents(response);
  const event = await events.next();
  if (event?.id === undefined) throw new Error('no event with an id');
  return { id: event.id, events };
}
