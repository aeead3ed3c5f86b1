import type { HttpRequest, HttpResponse } from 'uWebSockets.js';
import { STATUS_CODES } from 'node:http';
import type { Handler, ResponseHeaders } from '../exchange.ts';
import { type BodyBudget, collectBody } from './body.ts';
import { addCloseListener, beginAnswer, type EngineExchange, endExchange } from './exchange-state.ts';
import { CLOSE, refuse } from './refusal.ts';
import { addHeader, createHead, isHeadTooLarge, type RequestHead } from './request-head.ts';
import { runHandler } from './run-handler.ts';
import { createUwsStream } from './uws-stream.ts';

/** What the exchanges of one listener share. */
export interface UwsContext {
  readonly handle: Handler;
  readonly budget: BodyBudget;
  readonly onFault: (error: unknown) => void;
  readonly onBegin: () => void;
  readonly onEnd: () => void;
  readonly isClosing: () => boolean;
}

const NO_CONTENT = 204;
const NOT_MODIFIED = 304;

function readHead(req: HttpRequest): RequestHead {
  const head = createHead(req.getCaseSensitiveMethod(), req.getUrl(), req.getQuery() ?? '');
  req.forEach((name, value) => {
    addHeader(head, name, value);
  });
  return head;
}

function writeHead(res: HttpResponse, status: number, headers: ResponseHeaders): void {
  res.writeStatus(`${status} ${STATUS_CODES[status] ?? ''}`);
  for (const name in headers) res.writeHeader(name, headers[name] as string);
}

/** An undefined length goes out as 9223372036854775808, and the connection is lost to it (measured). */
function endWithoutLength(res: HttpResponse, close: boolean): void {
  if (close) res.endWithoutBody(0, true);
  else res.endWithoutBody();
}

interface Answer {
  isHead: boolean;
  status: number;
  headers: ResponseHeaders;
  body: string | Uint8Array;
  close: boolean;
}

function writeAnswer(res: HttpResponse, { isHead, status, headers, body, close }: Answer): void {
  res.cork(() => {
    writeHead(res, status, headers);
    if (status === NO_CONTENT || status === NOT_MODIFIED) endWithoutLength(res, close);
    else if (isHead) res.endWithoutBody(Buffer.byteLength(body), close);
    else res.end(body, close);
  });
}

function createUwsExchange(
  res: HttpResponse,
  head: RequestHead,
  { budget, isClosing, onFault, onEnd }: UwsContext,
): EngineExchange {
  const { method, path, query, headers, repeated } = head;
  const exchange: EngineExchange = {
    method,
    path,
    query,
    headers,
    repeated,
    peer: Buffer.from(res.getRemoteAddressAsText()).toString(),
    closed: false,
    begun: false,
    incoming: undefined,
    listeners: undefined,
    onFault,
    onEnd,
    body(maxBytes) {
      const { whole, incoming } = collectBody({ exchange, maxBytes, budget });
      exchange.incoming = incoming;
      if (!exchange.closed) res.onData((chunk, isLast) => incoming.push(new Uint8Array(chunk), isLast));
      return whole;
    },
    respond(status, responseHeaders, body = '') {
      if (!beginAnswer(exchange, responseHeaders)) return;
      const close = responseHeaders.connection === 'close' || isClosing();
      writeAnswer(res, { isHead: method === 'HEAD', status, headers: responseHeaders, body, close });
      endExchange(exchange);
    },
    stream(status, responseHeaders) {
      const isOpen = beginAnswer(exchange, responseHeaders);
      if (isOpen) res.cork(() => writeHead(res, status, responseHeaders));
      return createUwsStream(res, exchange);
    },
    // Which connection closes is not told here, so none can be chosen: beyond the limit the newest is refused.
    vouch() {},
    drop() {
      if (!exchange.closed) res.close();
    },
    onClose: (listener) => addCloseListener(exchange, listener),
  };
  return exchange;
}

/**
 * The one way in for every request. The abort handler comes first and nothing is thrown out of here: an
 * exception before it ends the process, whatever handlers are set (measured).
 */
export function acceptUws(res: HttpResponse, req: HttpRequest, context: UwsContext): void {
  let exchange: EngineExchange | undefined;
  let gone = false;
  res.onAborted(() => {
    gone = true;
    if (exchange) endExchange(exchange);
  });
  try {
    const head = readHead(req);
    exchange = createUwsExchange(res, head, context);
    context.onBegin();
    if (isHeadTooLarge(head)) refuse(exchange, 431, CLOSE);
    else runHandler(context.handle, exchange, context.onFault);
  } catch (error) {
    context.onFault(error);
    if (!gone && !exchange?.closed) res.close();
  }
}
