import type { Caller } from '../../src/caller.ts';
import {
  isRequest,
  type JsonRpcMessage,
  type JsonRpcRequest,
  type JsonRpcResponse,
  type RequestId,
} from '../../src/mcp/json-rpc.ts';
import type { Upstream } from '../../src/mcp/upstream.ts';

/** `relatedId` is the request that a notification belongs to. */
type Deliver = (message: JsonRpcMessage, relatedId?: RequestId) => void;

export interface Asked {
  readonly request: JsonRpcRequest;
  readonly caller: Caller | undefined;
  result(result: unknown): void;
  deliver: Deliver;
  /** Asks whoever is at the other end. */
  ask(question: { readonly method: string; readonly params: object }): Promise<JsonRpcResponse>;
}

export interface ScriptedUpstream extends Upstream {
  /** Everything that came after the handshake. */
  readonly received: readonly JsonRpcMessage[];
  /** Says something of its own accord. */
  readonly say: Deliver;
  /** Ends as a program does that crashes. */
  die(): void;
}

const DESCRIPTION = {
  protocolVersion: '2025-11-25',
  capabilities: { tools: { listChanged: true } },
  serverInfo: { name: 'scripted', version: '1' },
};

/** A shared server whose answers the test decides; `described` is what it says of itself besides. */
export function createScriptedUpstream(
  answer: (asked: Asked) => void,
  described: object = {},
): ScriptedUpstream {
  const received: JsonRpcMessage[] = [];
  const asked = new Map<unknown, (response: JsonRpcResponse) => void>();
  let questions = 0;
  let deliver: Deliver = () => {};
  let end: (reason: string) => void = () => {};
  return {
    name: 'scripted',
    received,
    say: (message, relatedId) => deliver(message, relatedId),
    die: () => end('was killed'),
    async connect(peer) {
      end = peer.ended;
      const to: Deliver = (message, relatedId) => peer.deliver(message, { relatedId });
      deliver = to;
      return {
        pid: undefined,
        send(message, caller) {
          take(message, caller);
          return undefined;
        },
        isFull: () => false,
        redact: (text) => text,
        async close() {},
      };

      function ask(question: { readonly method: string; readonly params: object }): Promise<JsonRpcResponse> {
        const id = `question ${++questions}`;
        return new Promise((resolve) => {
          asked.set(id, resolve);
          to({ jsonrpc: '2.0', id, ...question } as JsonRpcMessage);
        });
      }

      function take(message: JsonRpcMessage, caller: Caller | undefined): void {
        if (!isRequest(message)) {
          received.push(message);
          if (!('method' in message)) asked.get(message.id)?.(message);
          return;
        }
        const result = (value: unknown) => to({ jsonrpc: '2.0', id: message.id, result: value });
        if (message.method === 'initialize') {
          result({ ...DESCRIPTION, ...described });
          return;
        }
        received.push(message);
        answer({ request: message, caller, result, deliver: to, ask });
      }
    },
  };
}
