import { BodyTooLarge, ClientGone, type Headers } from '../exchange.ts';
import { limits } from '../limits.ts';
import type { RefusalStatus } from './refusal.ts';

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

export interface BodyCollector {
  readonly whole: Promise<Buffer>;
  /** Takes the next bytes; they are copied, for uWebSockets.js detaches them afterwards. */
  push(chunk: Uint8Array, isLast: boolean): void;
  fail(error: Error): void;
}

export interface BodyOptions {
  headers: Headers;
  maxBytes: number;
  budget: BodyBudget;
  /** Answers with this status and closes the connection. */
  refuse(status: RefusalStatus): void;
}

/** True if the request announces a body. */
export function hasBody({ 'content-length': length, 'transfer-encoding': encoding }: Headers): boolean {
  return encoding !== undefined || (length !== undefined && length !== '0');
}

/**
 * Collects a body up to `maxBytes` (413), within `limits.bodyMs` of its first part (408; a body that never
 * begins is cut by the engine) and within the budget of all connections (503).
 */
export function collectBody({ headers, maxBytes, budget, refuse }: BodyOptions): BodyCollector {
  let parts: Buffer[] = [];
  let held = 0;
  let settled = false;
  let deadline: NodeJS.Timeout | undefined;
  const { promise: whole, resolve, reject } = withResolvers();
  // A handler that looks away must not end the process by an unhandled rejection.
  whole.catch(() => {});

  function settle(): void {
    settled = true;
    clearTimeout(deadline);
    budget.give(held);
    parts = [];
  }

  function stop(status: RefusalStatus, error: Error): void {
    settle();
    reject(error);
    refuse(status);
  }

  function push(chunk: Uint8Array, isLast: boolean): void {
    if (settled) return;
    const bytes = chunk.byteLength;
    if (held + bytes > maxBytes) {
      stop(413, new BodyTooLarge());
    } else if (isLast) {
      // The common case, a body that comes in one piece, costs neither a timer nor budget.
      const body = Buffer.concat([...parts, chunk]);
      settle();
      resolve(body);
    } else if (budget.take(bytes)) {
      held += bytes;
      parts.push(Buffer.from(chunk));
      deadline ??= setTimeout(() => stop(408, new ClientGone('the body took too long')), limits.bodyMs);
    } else {
      stop(503, new ClientGone('too many bodies at once'));
    }
  }

  if (!hasBody(headers)) push(EMPTY, true);
  else if (Number(headers['content-length']) > maxBytes) stop(413, new BodyTooLarge());
  return {
    whole,
    push,
    fail(error) {
      if (settled) return;
      settle();
      reject(error);
    },
  };
}

interface Resolvers {
  promise: Promise<Buffer>;
  resolve(body: Buffer): void;
  reject(error: Error): void;
}

/** `Promise.withResolvers`, which Node 20 lacks. */
function withResolvers(): Resolvers {
  const resolvers = {} as Resolvers;
  resolvers.promise = new Promise((resolve, reject) => Object.assign(resolvers, { resolve, reject }));
  return resolvers;
}
