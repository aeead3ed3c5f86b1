import { isRequestId, type JsonRpcNotification, type Params } from '../json-rpc.ts';
import { isLogLevel, ranksAtLeast } from '../relay/log-levels.ts';

/** What a request wants to hear before its answer. */
export interface Wanted {
  readonly logLevel: unknown;
  readonly progressToken: unknown;
}

/**
 * The notification as a stateless client may have it; undefined if it may not. A log message only where the request asked
 * for logs, and only of the level that it asked for or above (2026-07-28 logging, L62-72). Progress only under the token
 * of this request, whatever an earlier round of the call had.
 */
export function asWanted(
  message: JsonRpcNotification,
  { logLevel, progressToken }: Wanted,
): JsonRpcNotification | undefined {
  const { method, params } = message;
  if (method === 'notifications/message') {
    return isLogLevel(logLevel) && ranksAtLeast(params?.level, logLevel) ? message : undefined;
  }
  if (method !== 'notifications/progress') return message;
  if (!isRequestId(progressToken)) return undefined;
  return { ...message, params: { ...params, progressToken } satisfies Params };
}
