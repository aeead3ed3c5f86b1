/** Revision 2026-07-28: no sessions, every request stands for itself. */
import type { Caller } from '../../caller.ts';
import { limits } from '../../limits.ts';
import type { Log } from '../../log.ts';
import type { Endpoint } from '../endpoint.ts';
import { isRequest, type JsonRpcMessage, type RequestId } from '../json-rpc.ts';
import type { OpenStreams } from '../open-streams.ts';
import type { Received } from '../receive.ts';
import { busy, headerMismatch, type Refusal } from '../refusal.ts';
import type { Relay } from '../relay/relay.ts';
import type { ModernHandler } from './modern-handler.ts';
import { createParkedCalls } from './parked-calls.ts';
import { createStatelessAnswer } from './stateless-answer.ts';
import { areReadable } from './web-exchange.ts';

export interface Stateless {
  take(received: Received, endpoint: Endpoint): Promise<Refusal | undefined>;
  /** Gives up the calls that wait for a client whose grant is no more. */
  endGrant(grantId: string): void;
  /** Gives up all that wait for their clients. */
  close(): void;
}

export interface StatelessOptions {
  readonly streams: OpenStreams;
  readonly log: Log;
  /** A monotonic clock in milliseconds. */
  nowMs(): number;
}

/** How much of something each grant has at the moment. */
function createTally(limit: number) {
  const counts = new Map<string, number>();
  return {
    /** False at the limit. */
    take(grantId: string): boolean {
      const count = counts.get(grantId) ?? 0;
      if (count >= limit) return false;
      counts.set(grantId, count + 1);
      return true;
    },
    give(grantId: string): void {
      const count = (counts.get(grantId) ?? 0) - 1;
      if (count > 0) counts.set(grantId, count);
      else counts.delete(grantId);
    },
  };
}

const methodOf = (message: JsonRpcMessage | undefined): string =>
  message && 'method' in message ? message.method : '';

const idOf = (message: JsonRpcMessage | undefined): RequestId | undefined =>
  message && isRequest(message) ? message.id : undefined;

/** One handler for each relay; the SDK behind it (140 ms to import, measured) is loaded for the first request. */
export function createStateless({ streams, log, nowMs }: StatelessOptions): Stateless {
  const handlers = new WeakMap<Relay, ModernHandler>();
  const parked = createParkedCalls(nowMs);
  const requests = createTally(limits.statelessInFlight);
  const listeners = createTally(limits.subscriptions);

  async function handlerFor(relay: Relay, { name }: Endpoint): Promise<ModernHandler> {
    const known = handlers.get(relay);
    if (known) return known;
    const { createModernHandler } = await import('./modern-handler.ts');
    const found = handlers.get(relay);
    if (found) return found;
    const onFault = (error: Error): void => log.debug('mcp.stateless.refused', { reason: error.message });
    const handler = createModernHandler({ name, relay, parked, onFault });
    handlers.set(relay, handler);
    // Not at once: the calls under way are told first what became of them.
    relay.onClose(() => setImmediate(() => void handler.close()));
    return handler;
  }

  async function serve(received: Received, endpoint: Endpoint): Promise<Refusal | undefined> {
    const { exchange, messages, caller } = received;
    const [message] = messages;
    if (!areReadable(exchange.headers)) {
      return headerMismatch('a header holds what no header may hold', idOf(message));
    }
    const relay = endpoint.find(caller);
    const handler = await handlerFor(relay, endpoint);
    if (methodOf(message) === 'subscriptions/listen') exchange.onClose(relay.attend(caller.grantId));
    await handler.serve(received, createStatelessAnswer(exchange, caller, streams));
    return undefined;
  }

  /** A client that looks around is worth a line; each of its requests is one for whoever looks for a fault. */
  function note(caller: Caller, { name }: Endpoint, method: string): void {
    const fields = { server: name, client: caller.clientId, grant: caller.grantId };
    if (method === 'server/discover')
      log.info('mcp.stateless.discovered', { ...fields, version: '2026-07-28' });
    else log.debug('mcp.stateless.request', { ...fields, method });
  }

  return {
    async take(received, endpoint) {
      const { messages, caller, exchange } = received;
      const [message] = messages;
      const tally = methodOf(message) === 'subscriptions/listen' ? listeners : requests;
      if (!tally.take(caller.grantId)) return busy(idOf(message));
      exchange.onClose(() => tally.give(caller.grantId));
      note(caller, endpoint, methodOf(message));
      return serve(received, endpoint);
    },
    endGrant: parked.endGrant,
    close: parked.close,
  };
}
