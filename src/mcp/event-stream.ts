import type { JsonRpcMessage } from './json-rpc.ts';

export const EVENT_STREAM_HEADERS = {
  'content-type': 'text/event-stream',
  'cache-control': 'no-store',
  // Asks nginx and its kin not to hold events back.
  'x-accel-buffering': 'no',
} as const;

/** A comment: readers ignore it, and idle timeouts on the way do not see an idle connection. */
export const KEEP_ALIVE_FRAME = ': keep-alive\n\n';

/**
 * One `message` event. JSON escapes CR and LF, the only line ends of an event stream, so whatever text the
 * message carries stays inside its one `data` line.
 */
export function messageFrame(message: JsonRpcMessage, eventId?: string): string {
  const data = `event: message\ndata: ${JSON.stringify(message)}\n\n`;
  return eventId === undefined ? data : `id: ${eventId}\n${data}`;
}

/** An event that carries nothing but its id, so a client can resume before the first message came (2025-11-25). */
export const primingFrame = (eventId: string): string => `id: ${eventId}\ndata:\n\n`;

/** The first event of the 2024-11-05 transport: where the client posts its messages. */
export const endpointFrame = (uri: string): string => `event: endpoint\ndata: ${uri}\n\n`;
