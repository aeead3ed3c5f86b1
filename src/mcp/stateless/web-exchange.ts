/** Between our exchange and the web objects that the SDK's handler of 2026-07-28 takes and gives. */
import type { Caller } from '../../caller.ts';
import type { Exchange, ResponseStream } from '../../exchange.ts';
import { KEEP_ALIVE_FRAME, messageFrame } from '../event-stream.ts';
import type { JsonRpcMessage } from '../json-rpc.ts';
import type { OpenStreams } from '../open-streams.ts';

/** What the handler compares with the body. */
const HEADERS = ['content-type', 'mcp-protocol-version', 'mcp-method', 'mcp-name'] as const;
/** After this long an answer becomes an event stream, so that comments keep the connection alive. */
const STREAM_AFTER_MS = 2_000;

/** A header's value as every reader understands it: others are sent in base64 (2026-07-28 transports, L490). */
const PLAIN = /^[\t\x20-\x7e]*$/;

/**
 * What the SDK's handler reads of a request whose body was read before; undefined if a header holds what none may hold.
 * Not a real `Request`: making one takes 75 µs (measured, Node 20), and its signal no longer follows ours once the
 * request itself was collected (measured, Node 20, 22, 24): nobody would notice that the client has left.
 */
export function toWebRequest({ headers }: Exchange, signal: AbortSignal): Request | undefined {
  if (HEADERS.some((name) => !PLAIN.test(headers[name] ?? ''))) return undefined;
  const request = { method: 'POST', headers: { get: (name: string) => headers[name] ?? null }, signal };
  return request as unknown as Request;
}

export const isEventStream = ({ headers }: Response): boolean =>
  headers.get('content-type') === 'text/event-stream';

export interface Answering {
  readonly exchange: Exchange;
  readonly caller: Caller;
  readonly streams: OpenStreams;
}

async function pipe(body: ReadableStream<Uint8Array>, stream: ResponseStream): Promise<void> {
  for await (const chunk of body) stream.write(chunk);
  stream.end();
}

/** Where the SDK knows no id its errors say `id: null`, which the schema of MCP does not know. */
function withoutNullId(body: string): string {
  const { id, ...message } = JSON.parse(body) as { id: unknown };
  return id === null ? JSON.stringify(message) : body;
}

async function respond(
  { exchange }: Answering,
  response: Response,
  stream: ResponseStream | undefined,
): Promise<void> {
  const body = await response.text();
  if (stream) {
    stream.write(messageFrame(JSON.parse(body) as JsonRpcMessage));
    stream.end();
    return;
  }
  exchange.respond(
    response.status,
    { 'cache-control': 'no-store', ...(body && { 'content-type': 'application/json' }) },
    body && response.status >= 400 ? withoutNullId(body) : body,
  );
}

/** Answers the exchange with what the handler gives, at once or as it comes. */
export async function answerWith(answering: Answering, coming: Promise<Response>): Promise<void> {
  const { exchange, caller, streams } = answering;
  let stream: ResponseStream | undefined;
  const timer = setTimeout(() => {
    // The comment makes the head travel: an engine may hold it back until there is something to say.
    if (!exchange.closed) stream = streams.open(exchange, caller, KEEP_ALIVE_FRAME);
  }, STREAM_AFTER_MS);
  const response = await coming.finally(() => clearTimeout(timer));
  if (exchange.closed) {
    await response.body?.cancel();
  } else if (isEventStream(response) && response.body) {
    await pipe(response.body, stream ?? streams.open(exchange, caller));
  } else {
    await respond(answering, response, stream);
  }
}
