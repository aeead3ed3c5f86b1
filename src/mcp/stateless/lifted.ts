/** A request of 2026-07-28, and what that revision puts around it. */
import {
  CLIENT_CAPABILITIES_META_KEY,
  CLIENT_INFO_META_KEY,
  LOG_LEVEL_META_KEY,
  PROTOCOL_VERSION_META_KEY,
} from '@modelcontextprotocol/server';
import { isObject, type JsonObject } from '../../json-object.ts';
import type { JsonRpcRequest } from '../json-rpc.ts';

export interface Lifted {
  /** As a server of 2025-11-25 knows it. */
  readonly request: JsonRpcRequest;
  /** What the client declares that it can do. */
  readonly capabilities: JsonObject;
  readonly logLevel: unknown;
  /** What the client answers to the questions of an earlier round. */
  readonly answers: JsonObject;
  readonly state: unknown;
}

const orEmpty = (value: unknown): JsonObject => (isObject(value) ? value : {});

export function lift({ id, method, params = {} }: JsonRpcRequest): Lifted {
  const { _meta, inputResponses, requestState, ...own } = params;
  const {
    [PROTOCOL_VERSION_META_KEY]: _version,
    [CLIENT_INFO_META_KEY]: _info,
    [CLIENT_CAPABILITIES_META_KEY]: capabilities,
    [LOG_LEVEL_META_KEY]: logLevel,
    ...meta
  } = orEmpty(_meta);
  const kept = { ...own, ...(Object.keys(meta).length > 0 && { _meta: meta }) };
  return {
    request: { jsonrpc: '2.0', id, method, params: kept },
    capabilities: orEmpty(capabilities),
    logLevel,
    answers: orEmpty(inputResponses),
    state: requestState,
  };
}
