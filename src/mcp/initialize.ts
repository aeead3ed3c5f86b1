import { isObject } from '../json-object.ts';
import { limits } from '../limits.ts';
import type { Beginning, Endpoint } from './endpoint.ts';
import {
  ERROR,
  type JsonRpcError,
  type JsonRpcRequest,
  type JsonRpcResponse,
  jsonRpcError,
} from './json-rpc.ts';
import { negotiateVersion } from './protocol-version.ts';
import type { Relay } from './relay/relay.ts';

/** A session that may begin. */
export interface Initialized {
  /** The revision both sides speak from now on. */
  readonly version: string;
  readonly response: JsonRpcResponse;
  readonly relay: Relay;
  readonly beginning: Beginning;
}

/**
 * Answers `initialize` with the upstream's own result, but for the revision, which is settled here. Gives the error to
 * answer with if the params are not MCP's or the server did not start.
 */
export async function initializeSession(
  endpoint: Endpoint,
  request: JsonRpcRequest,
  workspace: string | undefined,
): Promise<Initialized | JsonRpcError> {
  const { params = {} } = request;
  const { protocolVersion, capabilities, clientInfo } = params;
  if (typeof protocolVersion !== 'string' || !isObject(capabilities) || !isObject(clientInfo)) {
    const message = 'initialize needs protocolVersion, capabilities and clientInfo';
    return jsonRpcError(ERROR.invalidParams, message, request.id);
  }
  if (JSON.stringify(params).length > limits.initializeLength) {
    return jsonRpcError(ERROR.invalidParams, 'these params are too long', request.id);
  }
  const version = negotiateVersion(protocolVersion);
  const beginning = { workspace, params };
  const relay = endpoint.open(beginning);
  try {
    const result = { ...(await relay.initialize()), protocolVersion: version };
    return { version, response: { jsonrpc: '2.0', id: request.id, result }, relay, beginning };
  } catch {
    endpoint.release(relay);
    // The reason is the owner's: it is in the log and in `status`, and may name what is not the client's business.
    const message = `the server ${endpoint.name} did not start; claude-secure status tells why`;
    return jsonRpcError(ERROR.internal, message, request.id);
  }
}
