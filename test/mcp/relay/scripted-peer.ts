import {
  isRequest,
  type JsonRpcMessage,
  type JsonRpcNotification,
  type JsonRpcRequest,
  type JsonRpcResponse,
  type Params,
  type RequestId,
} from '../../../src/mcp/json-rpc.ts';
import type { Upstream } from '../../../src/mcp/upstream.ts';

export const INITIALIZED = {
  protocolVersion: '2025-11-25',
  capabilities: {
    logging: {},
    prompts: { listChanged: true },
    resources: { subscribe: true, listChanged: true },
    tools: { listChanged: true },
  },
  serverInfo: { name: 'scripted', version: '1' },
} as const satisfies Params;

/** One process of the server. */
export interface Life {
  /** Everything that it was sent, the handshake as well. */
  readonly received: readonly JsonRpcMessage[];
  readonly isClosed: boolean;
  /** Whether it is behind with its reading. */
  isFull: boolean;
  /** The requests with that method. */
  requests(method: string): JsonRpcRequest[];
  /** The notifications with that method. */
  notices(method: string): JsonRpcNotification[];
  /** Everything that is an answer to a question. */
  answers(): JsonRpcResponse[];
  say(message: object): void;
  result(id: RequestId | undefined, result: unknown): void;
  /** Dies. */
  end(reason?: string): void;
}

export type Answer = { readonly result: unknown } | { readonly error: object } | 'silence' | undefined;

export interface ScriptedPeer extends Upstream {
  readonly lives: readonly Life[];
  /** The one that was started last. */
  readonly life: Life;
}

const DONE: readonly string[] = ['logging/setLevel', 'ping', 'resources/subscribe', 'resources/unsubscribe'];

function ordinaryAnswer({ method }: JsonRpcRequest): Answer {
  if (method === 'initialize') return { result: INITIALIZED };
  return DONE.includes(method) ? { result: {} } : undefined;
}

/**
 * A server whose every process the test directs. What `answer` leaves open is answered in the ordinary way: the
 * handshake, pings, levels and subscriptions at once, everything else by the test.
 */
export function createScriptedPeer(
  answer: (request: JsonRpcRequest, life: Life) => Answer = () => undefined,
  beforeStart: () => void | Promise<void> = () => {},
): ScriptedPeer {
  const lives: Life[] = [];
  return {
    name: 'scripted',
    lives,
    get life() {
      return lives.at(-1)!;
    },
    async connect(events) {
      await beforeStart();
      const received: JsonRpcMessage[] = [];
      let isClosed = false;
      const life: Life = {
        received,
        get isClosed() {
          return isClosed;
        },
        isFull: false,
        requests: (method) => received.filter(isRequest).filter((each) => each.method === method),
        notices: (method) =>
          received
            .filter((each): each is JsonRpcNotification => 'method' in each && !isRequest(each))
            .filter((each) => each.method === method),
        answers: () => received.filter((each): each is JsonRpcResponse => !('method' in each)),
        say: (message) => events.deliver({ jsonrpc: '2.0', ...message } as JsonRpcMessage, {}),
        result: (id, result) => life.say({ id, result }),
        end: (reason = 'ended with code 1') => events.ended(reason),
      };
      lives.push(life);
      return {
        pid: lives.length,
        send(message) {
          received.push(message);
          if (!isRequest(message)) return 1;
          const given = answer(message, life) ?? ordinaryAnswer(message);
          if (given !== undefined && given !== 'silence') life.say({ id: message.id, ...given });
          return 1;
        },
        isFull: () => life.isFull,
        redact: (text) => text.replaceAll('secret', '[redacted]'),
        async close() {
          isClosed = true;
        },
      };
    },
  };
}
