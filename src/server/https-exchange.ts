import type { IncomingMessage, ServerResponse } from 'node:http';
import { ClientGone, type Handler, type ResponseHeaders, type ResponseStream } from '../exchange.ts';
import { limits } from '../limits.ts';
import { type BodyBudget, collectBody } from './body.ts';
import { addCloseListener, type EngineExchange, type ExchangeState, endExchange } from './exchange-state.ts';
import { CLOSE, refuse } from './refusal.ts';
import { addHeader, createHead, isHeadTooLarge, type RequestHead } from './request-head.ts';
import { assertHeaders } from './response-headers.ts';
import { runHandler } from './run-handler.ts';

/** What the exchanges of one listener share. */
export interface HttpsContext {
  readonly handle: Handler;
  readonly budget: BodyBudget;
  readonly onFault: (error: unknown) => void;
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

function begin(state: ExchangeState, headers: ResponseHeaders): void {
  assertHeaders(headers);
  if (state.begun) throw new Error('the answer has begun already');
  state.begun = true;
}

/** A chunked answer; a reader that leaves too much unread, or reads nothing for too long, is cut off (R24). */
function createHttpsStream(res: ServerResponse, state: ExchangeState): ResponseStream {
  let stalled: NodeJS.Timeout | undefined;
  const progress = (): void => {
    clearTimeout(stalled);
    stalled = undefined;
  };
  res.on('drain', progress);
  res.on('close', progress);
  return {
    get closed() {
      return state.closed || res.writableEnded;
    },
    write(chunk) {
      if (state.closed || res.writableEnded || chunk.length === 0) return;
      if (res.writableLength > limits.streamQueueBytes) res.destroy();
      else if (!res.write(chunk)) stalled ??= setTimeout(() => res.destroy(), limits.streamStallMs);
    },
    end() {
      if (state.closed || res.writableEnded) return;
      res.end();
      endExchange(state);
    },
  };
}

function createHttpsExchange(
  req: IncomingMessage,
  res: ServerResponse,
  { head, state, context }: { head: RequestHead; state: ExchangeState; context: HttpsContext },
): EngineExchange {
  const { method, path, query, headers, repeated } = head;
  const exchange: EngineExchange = {
    method,
    path,
    query,
    headers,
    repeated,
    peer: req.socket.remoteAddress ?? '',
    get closed() {
      return state.closed;
    },
    get begun() {
      return state.begun;
    },
    body(maxBytes) {
      const { budget } = context;
      const refuseBody = (status: Parameters<typeof refuse>[1]): void => refuse(exchange, status, CLOSE);
      const body = collectBody({ headers, maxBytes, budget, refuse: refuseBody });
      if (state.closed) body.fail(new ClientGone());
      else {
        state.body = body;
        req.on('data', (chunk: Buffer) => body.push(chunk, false));
        req.on('end', () => body.push(EMPTY, true));
      }
      return body.whole;
    },
    respond(status, responseHeaders, body = '') {
      if (state.closed) return;
      begin(state, responseHeaders);
      if (context.isClosing()) res.shouldKeepAlive = false;
      res.writeHead(status, { ...responseHeaders, 'content-length': Buffer.byteLength(body) });
      res.end(body);
      endExchange(state);
    },
    stream(status, responseHeaders) {
      if (!state.closed) {
        begin(state, responseHeaders);
        res.writeHead(status, responseHeaders);
        res.flushHeaders();
      }
      return createHttpsStream(res, state);
    },
    drop() {
      if (!state.closed) req.socket.destroy();
      endExchange(state);
    },
    onClose: (listener) => addCloseListener(state, listener),
  };
  return exchange;
}

/** The one way in for every request. */
export function acceptHttps(req: IncomingMessage, res: ServerResponse, context: HttpsContext): void {
  // Requests that stood in the same segment are parsed on even after their connection was dropped.
  if (req.socket.destroyed) return;
  const { onFault } = context;
  const head = readHead(req);
  const state: ExchangeState = {
    closed: false,
    begun: false,
    body: undefined,
    listeners: undefined,
    onFault,
    onEnd: () => {},
  };
  res.on('close', () => endExchange(state));
  const exchange = createHttpsExchange(req, res, { head, state, context });
  if (req.httpVersion !== '1.1') refuse(exchange, 505, CLOSE);
  else if (!head.path.startsWith('/')) refuse(exchange, 400, CLOSE);
  else if (isHeadTooLarge(head)) refuse(exchange, 431, CLOSE);
  else runHandler(context.handle, exchange, onFault);
}
