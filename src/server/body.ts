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

/** The body that an exchange waits for. */
export interface IncomingBody {
  readonly whole: Promise<Buffer>;
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

interface WholeBody {
  whole: Promise<Buffer>;
  resolve(body: Buffer): void;
  reject(error: Error): void;
}

/** `Promise.withResolvers`, which Node 20 lacks. */
function createPromise(): WholeBody {
  const body: Partial<WholeBody> = {};
  body.whole = new Promise((resolve, reject) => {
    body.resolve = resolve;
    body.reject = reject;
  });
  return body as WholeBody;
}

/**
 * Collects a body up to `maxBytes` (413), within `limits.bodyMs` of its first part (408; a body that never
 * begins is cut by the engine) and within the budget of all connections (503).
 */
export function collectBody({ exchange, maxBytes, budget }: BodyOptions): IncomingBody {
  const parts: Uint8Array[] = [];
  let held = 0;
  let settled = false;
  let deadline: NodeJS.Timeout | undefined;
  const { whole, resolve, reject } = createPromise();

  function settle(): void {
    settled = true;
    clearTimeout(deadline);
    budget.give(held);
  }

  function fail(error: Error): void {
    settle();
    // A handler that looks away must not end the process by an unhandled rejection.
    whole.catch(() => {});
    reject(error);
  }

  function stop(status: RefusalStatus, error: Error): void {
    fail(error);
    refuse(exchange, status, status === 503 ? { ...CLOSE, 'retry-after': '1' } : CLOSE);
  }

  function push(chunk: Uint8Array, isLast: boolean): void {
    if (settled) return;
    const bytes = chunk.byteLength;
    if (held + bytes > maxBytes) {
      stop(413, new BodyTooLarge());
    } else if (isLast) {
      // The common case, a body that comes in one piece, costs neither a timer nor budget.
      settle();
      resolve(parts.length > 0 ? Buffer.concat([...parts, chunk]) : Buffer.from(chunk));
    } else if (budget.take(bytes)) {
      held += bytes;
      parts.push(Buffer.from(chunk));
      deadline ??= setTimeout(() => stop(408, new ClientGone('the body took too long')), limits.bodyMs);
    } else {
      stop(503, new ClientGone('too many bodies at once'));
    }
  }

  const abandon = (): void => {
    if (!settled) fail(new ClientGone('the connection closed before the body was whole'));
  };
  if (exchange.closed) abandon();
  else if (!hasBody(exchange.headers)) push(EMPTY, true);
  else if (Number(exchange.headers['content-length']) > maxBytes) stop(413, new BodyTooLarge());
  return { whole, push, abandon };
}
