import { BodyTooLarge, ClientGone, type Headers } from '../exchange.ts';
import { limits } from '../limits.ts';
import type { EngineExchange } from './exchange-state.ts';
import { CLOSE, type RefusalStatus, refuse } from './refusal.ts';

const EMPTY = Buffer.alloc(0);

/** Bytes of unfinished bodies that all connections of a listener may hold together. */
export interface BodyBudget {
  take(bytes: number): boolean;
  give(bytes: number): void;
}

export function createBodyBudget(): BodyBudget {
  let free: number = limits.pendingBodyBytes;
  return {
    take(bytes) {
      if (bytes > free) return false;
      free -= bytes;
      return true;
    },
    give(bytes) {
      free += bytes;
    },
  };
}

/** The body that an exchange waits for. Keeps nothing of it once it is whole: its exchange may live for hours. */
export interface IncomingBody {
  /** Takes the next bytes; they are copied, for uWebSockets.js detaches them afterwards. */
  push(chunk: Uint8Array, isLast: boolean): void;
  /** The client is gone: a body that is not whole yet rejects with `ClientGone`. */
  abandon(): void;
}

export interface BodyOptions {
  exchange: EngineExchange;
  maxBytes: number;
  budget: BodyBudget;
}

/** True if the request announces a body. */
function hasBody({ 'content-length': length, 'transfer-encoding': encoding }: Headers): boolean {
  return encoding !== undefined || (length !== undefined && length !== '0');
}

interface Awaited {
  readonly whole: Promise<Buffer>;
  resolve(body: Buffer): void;
  reject(error: Error): void;
}

/** `Promise.withResolvers`, which Node 20 lacks. */
function createPromise(): Awaited {
  const body: { -readonly [Name in keyof Awaited]?: Awaited[Name] } = {};
  body.whole = new Promise((resolve, reject) => {
    body.resolve = resolve;
    body.reject = reject;
  });
  return body as Awaited;
}

/**
 * Collects a body up to `maxBytes` (413), within `limits.bodyMs` of its first part (408; a body that never
 * begins is cut by the engine) and within the budget of all connections (503).
 */
export function collectBody({ exchange, maxBytes, budget }: BodyOptions): {
  whole: Promise<Buffer>;
  incoming: IncomingBody;
} {
  let parts: Uint8Array[] = [];
  let held = 0;
  let deadline: NodeJS.Timeout | undefined;
  let awaited: Awaited | undefined = createPromise();
  const { whole } = awaited;

  /** What waits for the body, once; nothing else of it stays. */
  function settle(): Awaited | undefined {
    const settled = awaited;
    awaited = undefined;
    parts = [];
    clearTimeout(deadline);
    if (settled) budget.give(held);
    return settled;
  }

  function fail(error: Error): void {
    const settled = settle();
    // A handler that looks away must not end the process by an unhandled rejection.
    settled?.whole.catch(() => {});
    settled?.reject(error);
  }

  function stop(status: RefusalStatus, error: Error): void {
    fail(error);
    refuse(exchange, status, status === 503 ? { ...CLOSE, 'retry-after': '1' } : CLOSE);
  }

  function push(chunk: Uint8Array, isLast: boolean): void {
    if (!awaited) return;
    const bytes = chunk.byteLength;
    if (held + bytes > maxBytes) {
      stop(413, new BodyTooLarge());
    } else if (isLast) {
      // The common case, a body that comes in one piece, costs neither a timer nor budget.
      const body = parts.length > 0 ? Buffer.concat([...parts, chunk]) : Buffer.from(chunk);
      settle()?.resolve(body);
    } else if (budget.take(bytes)) {
      held += bytes;
      parts.push(Buffer.from(chunk));
      deadline ??= setTimeout(() => stop(408, new ClientGone('the body took too long')), limits.bodyMs);
    } else {
      stop(503, new ClientGone('too many bodies at once'));
    }
  }

  const abandon = (): void => {
    if (awaited) fail(new ClientGone('the connection closed before the body was whole'));
  };
  if (exchange.closed) abandon();
  else if (!hasBody(exchange.headers)) push(EMPTY, true);
  else if (Number(exchange.headers['content-length']) > maxBytes) stop(413, new BodyTooLarge());
  return { whole, incoming: { push, abandon } };
}
