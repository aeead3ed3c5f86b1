import type { Caller } from '../../src/caller.ts';
import { isRequest, type JsonRpcMessage, type JsonRpcRequest } from '../../src/mcp/json-rpc.ts';
import type { Deliver, Upstream } from '../../src/mcp/upstream.ts';

export interface Asked {
  readonly request: JsonRpcRequest;
  readonly caller: Caller | undefined;
  result(result: unknown): void;
  deliver: Deliver;
}

export interface ScriptedUpstream extends Upstream {
  /** Everything that came after the handshake. */
  readonly received: readonly JsonRpcMessage[];
  /** Says something of its own accord. */
  readonly say: Deliver;
}

/** A shared server whose answers the test decides. */
export function createScriptedUpstream(answer: (asked: Asked) => void): ScriptedUpstream {
  const received: JsonRpcMessage[] = [];
  let deliver: Deliver = () => {};
  return {
    name: 'scripted',
    received,
    say: (message, relatedId) => deliver(message, relatedId),
    async connect(to) {
      deliver = to;
      return {
        send(message, caller) {
          if (!isRequest(message)) return void received.push(message);
          const result = (value: unknown) => to({ jsonrpc: '2.0', id: message.id, result: value });
          if (message.method === 'initialize') {
            return result({
              protocolVersion: '2025-11-25',
              capabilities: { tools: { listChanged: true } },
              serverInfo: { name: 'scripted', version: '1' },
            });
          }
          received.push(message);
          answer({ request: message, caller, result, deliver: to });
        },
        close() {},
      };
    },
  };
}
