import { isObject } from '../json-object.ts';
import { ERROR, type JsonRpcRequest, type JsonRpcResponse, jsonRpcError } from './json-rpc.ts';
import { negotiateVersion } from './protocol-version.ts';
import type { Relay } from './relay.ts';

export interface Initialized {
  /** The revision both sides speak from now on; undefined when `response` is an error. */
  readonly version: string | undefined;
  readonly response: JsonRpcResponse;
}

/** Answers `initialize` with the upstream's own result, but for the revision, which is settled here. */
export async function answerInitialize(relay: Relay, request: JsonRpcRequest): Promise<Initialized> {
  const { protocolVersion, capabilities, clientInfo } = request.params ?? {};
  if (typeof protocolVersion !== 'string' || !isObject(capabilities) || !isObject(clientInfo)) {
    const message = 'initialize needs protocolVersion, capabilities and clientInfo';
    return { version: undefined, response: jsonRpcError(ERROR.invalidParams, message, request.id) };
  }
  const version = negotiateVersion(protocolVersion);
  try {
    const result = { ...(await relay.initialize()), protocolVersion: version };
    return { version, response: { jsonrpc: '2.0', id: request.id, result } };
  } catch {
    // Its reason is in the log; it may name what is not the client's business.
    return {
      version: undefined,
      response: jsonRpcError(ERROR.internal, 'the server did not start', request.id),
    };
  }
}
