import { limits } from '../../limits.ts';
import { isMessage, type JsonRpcMessage, parseJson } from '../json-rpc.ts';
import { createLineReader } from './line-reader.ts';

const SECOND_MS = 1_000;

export interface MessageReaderOptions {
  readonly onMessage: (message: JsonRpcMessage, bytes: number) => void;
  /** A line, or an element of a batch, that is no message. */
  readonly onNoise: () => void;
  /** A notification or a request past `limits.upstreamFloodPerSecond`, which is dropped. */
  readonly onFlood: () => void;
  /** A line past `limits.upstreamLineBytes`, which is dropped. */
  readonly onLongLine: () => void;
}

/** Reads a server's stdout, one JSON-RPC message or batch on each line; the result takes the next bytes. */
export function createMessageReader(options: MessageReaderOptions): (chunk: Buffer) => void {
  const { onMessage, onNoise, onFlood, onLongLine } = options;
  const takeNotification = createFloodLimit();
  // A limit of their own: a question that is lost in a flood of notifications keeps its call waiting for ever.
  const takeRequest = createFloodLimit();

  function isAdmitted(message: JsonRpcMessage): boolean {
    if (!('method' in message)) return true;
    return 'id' in message ? takeRequest() : takeNotification();
  }

  function pass(message: JsonRpcMessage, bytes: number): void {
    if (isAdmitted(message)) onMessage(message, bytes);
    else onFlood();
  }

  function onLine(line: Buffer): void {
    if (line.length === 0) return;
    const parsed = parseJson(line);
    const value = 'value' in parsed ? parsed.value : undefined;
    if (isMessage(value)) {
      pass(value, line.length);
    } else if (Array.isArray(value) && value.length > 0) {
      for (const element of value) {
        if (isMessage(element)) pass(element, Buffer.byteLength(JSON.stringify(element)));
        else onNoise();
      }
    } else {
      onNoise();
    }
  }

  return createLineReader({ maxBytes: limits.upstreamLineBytes, onLine, onLongLine }).write;
}

function createFloodLimit(): () => boolean {
  let startedMs = Number.NEGATIVE_INFINITY;
  let count = 0;
  return () => {
    const now = performance.now();
    if (now - startedMs >= SECOND_MS) {
      startedMs = now;
      count = 0;
    }
    return ++count <= limits.upstreamFloodPerSecond;
  };
}
