import type { Headers } from '../exchange.ts';
import { isObject } from '../json-object.ts';
import type { JsonRpcMessage } from './json-rpc.ts';

const LATEST = '2025-11-25';

/** The revisions our sessions speak, newest first. */
export const PROTOCOL_VERSIONS: readonly string[] = [LATEST, '2025-06-18', '2025-03-26', '2024-11-05'];

/** The client's own revision where we speak it, else our latest (2025-11-25 lifecycle, version negotiation). */
export function negotiateVersion(requested: string): string {
  return PROTOCOL_VERSIONS.includes(requested) ? requested : LATEST;
}

/** Batches came with revision 2025-03-26 and went with the next. */
export const allowsBatch = (version: string | undefined): boolean => version === '2025-03-26';

/** Earlier clients take an event without data for a broken message (measured: SDK 1.x before 1.24). */
export const allowsEmptyEvents = (version: string | undefined): boolean => version === LATEST;

const STATELESS_VERSION_KEY = 'io.modelcontextprotocol/protocolVersion';
const STATELESS_METHODS: readonly string[] = ['server/discover', 'subscriptions/listen'];

/**
 * True for a request of a revision we do not speak, whether its header says so or, as 2026-07-28 has it, its
 * `_meta` or method. An absent header is allowed.
 */
export function isForeignVersion(headers: Headers, message?: JsonRpcMessage): boolean {
  const header = headers['mcp-protocol-version'];
  if (header !== undefined && !PROTOCOL_VERSIONS.includes(header)) return true;
  if (!message || !('method' in message)) return false;
  if (STATELESS_METHODS.includes(message.method)) return true;
  const meta = message.params?._meta;
  return isObject(meta) && Object.hasOwn(meta, STATELESS_VERSION_KEY);
}
