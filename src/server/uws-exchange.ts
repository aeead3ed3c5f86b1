import type { HttpRequest, HttpResponse } from 'uWebSockets.js';
import { STATUS_CODES } from 'node:http';
import { ClientGone, type Handler, type ResponseHeaders, type ResponseStream } from '../exchange.ts';
import { type BodyBudget, collectBody } from './body.ts';
import { addCloseListener, type EngineExchange, type ExchangeState, endExchange } from './exchange-state.ts';
import { CLOSE, refuse } from './refusal.ts';
import { addHeader, createHead, isHeadTooLarge, type RequestHead } from './request-head.ts';
import { assertHeaders } from './response-headers.ts';
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
    if (status === NO_CONTENT || status === NOT_MODIFIED) res.endWithoutBody(undefined, close);
    else if (isHead) res.endWithoutBody(Buffer.byteLength(body), close);
    else res.end(body, close);
  });
}

function begin(state: ExchangeState, headers: ResponseHeaders): void {
  assertHeaders(headers);
  if (state.begun) throw new Error('the answer has begun already');
  state.begun = true;
}

function createUwsExchange(
  res: HttpResponse,
  head: RequestHead,
  { state, context }: { state: ExchangeState; context: UwsContext },
): EngineExchange {
  const { method, path, query, headers, repeated } = head;
  const exchange: EngineExchange = {
    method,
    path,
    query,
    headers,
    repeated,
    peer: Buffer.from(res.getRemoteAddressAsText()).toString(),
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
        res.onData((chunk, isLast) => body.push(new Uint8Array(chunk), isLast));
      }
      return body.whole;
    },
    respond(status, responseHeaders, body = '') {
      if (state.closed) return;
      begin(state, responseHeaders);
      const close = responseHeaders.connection === 'close' || context.isClosing();
      writeAnswer(res, { isHead: method === 'HEAD', status, headers: responseHeaders, body, close });
      endExchange(state);
    },
    stream(status, responseHeaders): ResponseStream {
      if (!state.closed) {
        begin(state, responseHeaders);
        res.cork(() => writeHead(res, status, responseHeaders));
      }
      return createUwsStream(res, state, context.isClosing);
    },
    drop() {
      if (!state.closed) res.close();
    },
    onClose: (listener) => addCloseListener(state, listener),
  };
  return exchange;
}

/**
 * The one way in for every request. The abort handler comes first and nothing is thrown out of here: an
 * exception before it ends the process, whatever handlers are set (measured).
 */
export function acceptUws(res: HttpResponse, req: HttpRequest, context: UwsContext): void {
  const { onFault, onBegin, onEnd } = context;
  const state: ExchangeState = {
    closed: false,
    begun: false,
    body: undefined,
    listeners: undefined,
    onFault,
    onEnd,
  };
  res.onAborted(() => endExchange(state));
  onBegin();
  try {
    const head = readHead(req);
    const exchange = createUwsExchange(res, head, { state, context });
    if (isHeadTooLarge(head)) refuse(exchange, 431, CLOSE);
    else runHandler(context.handle, exchange, onFault);
  } catch (error) {
    onFault(error);
    if (!state.closed) res.close();
  }
}
