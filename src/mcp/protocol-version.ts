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

/** The first revision without sessions. Revisions are dates, so they sort as text. */
const STATELESS = '2026-07-28';
const STATELESS_VERSION_KEY = 'io.modelcontextprotocol/protocolVersion';
const STATELESS_METHODS: readonly string[] = ['server/discover', 'subscriptions/listen'];

/**
 * True for a request of a revision without sessions, whatever else is wrong with it: its `_meta` says so, or its header
 * (2026-07-28 basic, L373-385).
 */
export function isStateless(headers: Headers, messages: readonly JsonRpcMessage[]): boolean {
  const header = headers['mcp-protocol-version']?.trim() ?? '';
  if (/^\d{4}-\d\d-\d\d$/.test(header) && header >= STATELESS) return true;
  return messages.some((message) => {
    const meta = 'method' in message ? message.params?._meta : undefined;
    return isObject(meta) && Object.hasOwn(meta, STATELESS_VERSION_KEY);
  });
}

/** True for a request of a revision that our sessions do not speak. An absent header is allowed. */
export function isForeignVersion(headers: Headers, messages: readonly JsonRpcMessage[] = []): boolean {
  const header = headers['mcp-protocol-version'];
  if (header !== undefined && !PROTOCOL_VERSIONS.includes(header)) return true;
  if (isStateless(headers, messages)) return true;
  return messages.some((message) => 'method' in message && STATELESS_METHODS.includes(message.method));
}
