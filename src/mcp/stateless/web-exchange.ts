/** Between our exchange and the web objects that the SDK's handler of 2026-07-28 takes and gives. */
import type { Caller } from '../../caller.ts';
import type { Exchange, ResponseHeaders, ResponseStream } from '../../exchange.ts';
import { messageFrame } from '../event-stream.ts';
import type { JsonRpcMessage } from '../json-rpc.ts';
import type { OpenStreams } from '../open-streams.ts';

/** What the handler compares with the body. */
const HEADERS = ['content-type', 'mcp-protocol-version', 'mcp-method', 'mcp-name'] as const;
/** After this long an answer becomes an event stream, so that comments keep the connection alive. */
const STREAM_AFTER_MS = 2_000;

/** The request without its body, which was read before. Undefined if a header holds what none may hold. */
export function toWebRequest({ path, headers }: Exchange, signal: AbortSignal): Request | undefined {
  const found = HEADERS.flatMap((name) => {
    const value = headers[name];
    return value === undefined ? [] : [[name, value] as [string, string]];
  });
  try {
    return new Request(`https://127.0.0.1${path}`, { method: 'POST', headers: found, signal });
  } catch {
    return undefined;
  }
}

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
  const headers: ResponseHeaders = { 'cache-control': 'no-store' };
  const allow = response.headers.get('allow');
  exchange.respond(
    response.status,
    {
      ...headers,
      ...(body && { 'content-type': 'application/json' }),
      ...(allow && { allow }),
    },
    body && response.status >= 400 ? withoutNullId(body) : body,
  );
}

/** Answers the exchange with what the handler gives, at once or as it comes. */
export async function answerWith(answering: Answering, coming: Promise<Response>): Promise<void> {
  const { exchange, caller, streams } = answering;
  let stream: ResponseStream | undefined;
  const timer = setTimeout(() => {
    if (!exchange.closed) stream = streams.open(exchange, caller);
  }, STREAM_AFTER_MS);
  const response = await coming.finally(() => clearTimeout(timer));
  if (exchange.closed) {
    await response.body?.cancel();
  } else if (response.headers.get('content-type') === 'text/event-stream' && response.body) {
    await pipe(response.body, stream ?? streams.open(exchange, caller));
  } else {
    await respond(answering, response, stream);
  }
}
