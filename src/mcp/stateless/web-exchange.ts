/** Between our exchange and the web objects that the SDK's handler of 2026-07-28 takes and gives. */
import type { Headers, ResponseStream } from '../../exchange.ts';
import type { JsonRpcMessage } from '../json-rpc.ts';
import type { StatelessAnswer } from './stateless-answer.ts';

/** What the handler compares with the body. */
const HEADERS = ['content-type', 'mcp-protocol-version', 'mcp-method', 'mcp-name'] as const;

/** A header's value as every reader understands it: others are sent in base64 (2026-07-28 transports, L490). */
const PLAIN = /^[\t\x20-\x7e]*$/;

/** False if a header holds what none may hold. */
export const areReadable = (headers: Headers): boolean =>
  HEADERS.every((name) => PLAIN.test(headers[name] ?? ''));

/**
 * What the SDK's handler reads of a request whose body was read before. Not a real `Request`: making one takes 75 µs
 * (measured, Node 20), and its signal no longer follows ours once the request itself was collected (measured, Node 20,
 * 22, 24): nobody would notice that the client has left.
 */
export function toWebRequest(headers: Headers, signal: AbortSignal): Request {
  const request = { method: 'POST', headers: { get: (name: string) => headers[name] ?? null }, signal };
  return request as unknown as Request;
}

export const isEventStream = ({ headers }: Response): boolean =>
  headers.get('content-type') === 'text/event-stream';

async function pipe(body: ReadableStream<Uint8Array>, stream: ResponseStream): Promise<void> {
  for await (const chunk of body) stream.write(chunk);
  stream.end();
}

/** Where the SDK knows no id its errors say `id: null`, which the schema of MCP does not know. */
function withoutNullId({ id, ...message }: { id?: unknown }): JsonRpcMessage {
  return { ...message, ...(id !== null && { id }) } as JsonRpcMessage;
}

/** Answers with what the handler gives. */
export async function answerWith(answer: StatelessAnswer, response: Response): Promise<void> {
  const { exchange } = answer;
  if (isEventStream(response) && response.body) {
    const stream = answer.stream();
    if (stream) await pipe(response.body, stream);
    else await response.body.cancel();
    return;
  }
  const text = await response.text();
  if (text) answer.finish(response.status, withoutNullId(JSON.parse(text)));
  else exchange.respond(response.status, { 'cache-control': 'no-store' });
}
