import { isObject, type JsonObject } from '../../json-object.ts';
import { limits } from '../../limits.ts';
import type { JsonRpcRequest, JsonRpcResponse, Params, RequestId } from '../json-rpc.ts';

export interface OwnRequests {
  /** Rejects with the peer's error, after `limits.upstreamStartMs` without an answer, or with `failAll`'s reason. */
  request(method: string, params?: JsonObject): Promise<Params>;
  /** True if the response was to one of these. */
  settle(response: JsonRpcResponse): boolean;
  failAll(reason: string): void;
}

interface Waiting {
  resolve(result: Params): void;
  reject(error: Error): void;
  readonly timer: NodeJS.Timeout;
}

/** A hostile server's word may be an object that no template can take. */
const textOf = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

/** What the relay itself asks a peer, behind the backs of the clients. */
export function createOwnRequests(
  nextId: () => number,
  send: (request: JsonRpcRequest) => void,
): OwnRequests {
  const waiting = new Map<RequestId, Waiting>();

  function take(id: RequestId | undefined): Waiting | undefined {
    const found = id === undefined ? undefined : waiting.get(id);
    if (!found) return undefined;
    waiting.delete(id as RequestId);
    clearTimeout(found.timer);
    return found;
  }

  return {
    request(method, params) {
      const id = nextId();
      return new Promise<Params>((resolve, reject) => {
        const seconds = limits.upstreamStartMs / 1_000;
        const timer = setTimeout(() => {
          take(id)?.reject(new Error(`did not answer ${method} within ${seconds} s`));
        }, limits.upstreamStartMs).unref();
        waiting.set(id, { resolve, reject, timer });
        send({ jsonrpc: '2.0', id, method, ...(params && { params }) });
      });
    },
    settle(response) {
      const found = take(response.id);
      if (!found) return false;
      if ('error' in response) found.reject(new Error(`refused: ${textOf(response.error.message)}`));
      else found.resolve(isObject(response.result) ? response.result : {});
      return true;
    },
    failAll(reason) {
      for (const id of [...waiting.keys()]) take(id)?.reject(new Error(reason));
    },
  };
}
