import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Handler, ResponseStream } from '../exchange.ts';
import { limits } from '../limits.ts';
import { type BodyBudget, collectBody } from './body.ts';
import { addCloseListener, beginAnswer, type EngineExchange, endExchange } from './exchange-state.ts';
import { CLOSE, refuse } from './refusal.ts';
import { addHeader, createHead, isHeadTooLarge, type RequestHead } from './request-head.ts';
import { runHandler } from './run-handler.ts';

/** What the exchanges of one listener share. */
export interface HttpsContext {
  readonly handle: Handler;
  readonly budget: BodyBudget;
  readonly onFault: (error: unknown) => void;
  readonly onEnd: () => void;
  readonly vouch: (socket: Socket) => void;
  readonly isClosing: () => boolean;
}

const EMPTY = Buffer.alloc(0);

function readHead({ method = '', url = '', rawHeaders }: IncomingMessage): RequestHead {
  const mark = url.indexOf('?');
  const head = createHead(method, mark < 0 ? url : url.slice(0, mark), mark < 0 ? '' : url.slice(mark + 1));
  for (let index = 0; index < rawHeaders.length; index += 2) {
    addHeader(head, (rawHeaders[index] as string).toLowerCase(), rawHeaders[index + 1] as string);
  }
  return head;
}

/** A chunked answer; a reader that leaves too much unread, or reads nothing for too long, is cut off (R24). */
function createHttpsStream(
  res: ServerResponse,
  exchange: EngineExchange,
  isClosing: () => boolean,
): ResponseStream {
  const { socket } = res;
  let stalled: NodeJS.Timeout | undefined;
  // The largest chunk since the last drain does not count: one message may be larger than the whole queue.
  let largest = 0;
  const progress = (): void => {
    clearTimeout(stalled);
    stalled = undefined;
    largest = 0;
  };
  res.on('drain', progress);
  res.on('close', progress);
  return {
    get closed() {
      return exchange.closed;
    },
    write(chunk) {
      if (exchange.closed || chunk.length === 0) return;
      if (res.writableLength - largest > limits.streamQueueBytes) {
        res.destroy();
      } else if (!res.write(chunk)) {
        largest = Math.max(largest, chunk.length);
        stalled ??= setTimeout(() => res.destroy(), limits.streamStallMs);
      }
    },
    end() {
      if (exchange.closed) return;
      // Its head has promised to keep the connection, for which the end of the daemon would wait.
      res.end(() => {
        if (isClosing()) socket?.destroySoon();
      });
      endExchange(exchange);
    },
  };
}

function createHttpsExchange(
  req: IncomingMessage,
  res: ServerResponse,
  { head, context }: { head: RequestHead; context: HttpsContext },
): EngineExchange {
  const { method, path, query, headers, repeated } = head;
  const { budget, isClosing, onFault, onEnd } = context;
  const exchange: EngineExchange = {
    method,
    path,
    query,
    headers,
    repeated,
    peer: req.socket.remoteAddress ?? '',
    closed: false,
    begun: false,
    incoming: undefined,
    listeners: undefined,
    onFault,
    onEnd,
    body(maxBytes) {
      const { whole, incoming } = collectBody({ exchange, maxBytes, budget });
      exchange.incoming = incoming;
      req.on('data', (chunk: Buffer) => incoming.push(chunk, false));
      req.on('end', () => incoming.push(EMPTY, true));
      return whole;
    },
    respond(status, responseHeaders, body = '') {
      if (!beginAnswer(exchange, responseHeaders)) return;
      if (isClosing()) res.shouldKeepAlive = false;
      res.writeHead(status, { ...responseHeaders, 'content-length': Buffer.byteLength(body) });
      // R24: Node would wait for ever for a reader that takes nothing; it asks twice whether anything has moved.
      req.socket.setTimeout(limits.streamStallMs / 2);
      res.end(body);
      endExchange(exchange);
    },
    stream(status, responseHeaders) {
      if (beginAnswer(exchange, responseHeaders)) {
        res.writeHead(status, responseHeaders);
        res.flushHeaders();
      }
      return createHttpsStream(res, exchange, isClosing);
    },
    vouch: () => context.vouch(req.socket),
    drop() {
      if (!exchange.closed) req.socket.destroy();
      endExchange(exchange);
    },
    onClose: (listener) => addCloseListener(exchange, listener),
  };
  return exchange;
}

/** The one way in for every request. */
export function acceptHttps(req: IncomingMessage, res: ServerResponse, context: HttpsContext): void {
  // Requests that stood in the same segment are parsed on even after their connection was dropped.
  if (req.socket.destroyed) return;
  const head = readHead(req);
  const exchange = createHttpsExchange(req, res, { head, context });
  res.on('close', () => endExchange(exchange));
  if (req.httpVersion !== '1.1') refuse(exchange, 505, CLOSE);
  else if (!head.path.startsWith('/')) refuse(exchange, 400, CLOSE);
  else if (isHeadTooLarge(head)) refuse(exchange, 431, CLOSE);
  else runHandler(context.handle, exchange, context.onFault);
}
