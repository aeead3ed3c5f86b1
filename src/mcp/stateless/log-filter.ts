import type { JsonRpcNotification } from '../json-rpc.ts';
import { isLogLevel, ranksAtLeast } from '../relay/log-levels.ts';

/**
 * Whether a notification may go to a stateless client: a log message only where the request asked for logs, and only of
 * the level that it asked for or above (2026-07-28 logging, L62-72).
 */
export function isWanted({ method, params }: JsonRpcNotification, logLevel: unknown): boolean {
  if (method !== 'notifications/message') return true;
  return isLogLevel(logLevel) && ranksAtLeast(params?.level, logLevel);
}
