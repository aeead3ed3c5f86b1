import { isUtf8 } from 'node:buffer';
import { isObject } from '../json-object.ts';
import { limits } from '../limits.ts';
import { shapeOf } from './json-shape.ts';

export type RequestId = string | number;
export type Params = Readonly<Record<string, unknown>>;

export interface JsonRpcRequest {
  readonly jsonrpc: '2.0';
  readonly id: RequestId;
  readonly method: string;
  readonly params?: Params;
}

export interface JsonRpcNotification {
  readonly jsonrpc: '2.0';
  readonly method: string;
  readonly params?: Params;
}

export interface JsonRpcResult {
  readonly jsonrpc: '2.0';
  readonly id: RequestId;
  readonly result: unknown;
}

export interface JsonRpcError {
  readonly jsonrpc: '2.0';
  /** Left out where the request's id could not be read: the MCP schema knows no `id: null`. */
  readonly id?: RequestId;
  readonly error: { readonly code: number; readonly message: string; readonly data?: unknown };
}

export type JsonRpcResponse = JsonRpcResult | JsonRpcError;
export type JsonRpcMessage = JsonRpcRequest | JsonRpcNotification | JsonRpcResponse;

/**
 * JSON-RPC 2.0 section 5.1, the two of its server range that MCP servers use for HTTP (measured on SDK 1.32), and one of
 * revision 2026-07-28.
 */
export const ERROR = {
  parse: -32_700,
  invalidRequest: -32_600,
  methodNotFound: -32_601,
  invalidParams: -32_602,
  internal: -32_603,
  refused: -32_000,
  sessionNotFound: -32_001,
  headerMismatch: -32_020,
} as const;

export function jsonRpcError(code: number, message: string, id?: RequestId): JsonRpcError {
  return { jsonrpc: '2.0', ...(id !== undefined && { id }), error: { code, message } };
}

export const isRequest = (message: JsonRpcMessage): message is JsonRpcRequest =>
  'method' in message && 'id' in message;

export interface ParsedBody {
  readonly messages: readonly JsonRpcMessage[];
  /** Sent as an array, which only revision 2025-03-26 allows. */
  readonly isBatch: boolean;
}

/**
 * Reads a body as one JSON-RPC message or a batch of at most `limits.requestsInFlight`. Anything else gives the
 * error to answer with: -32700 for what is not JSON in UTF-8, -32600 for what is not JSON-RPC as MCP narrows it
 * (ids are strings or integers, never null; params are objects).
 */
export function parseBody(body: Buffer, shape = shapeOf(body)): ParsedBody | JsonRpcError {
  if (!isUtf8(body)) return jsonRpcError(ERROR.parse, 'the body is not UTF-8');
  if (shape.values > limits.jsonValues) {
    return jsonRpcError(ERROR.invalidRequest, `more than ${limits.jsonValues} values`);
  }
  const parsed = parseJson(body, shape);
  if ('error' in parsed) return parsed;
  const { value } = parsed;
  if (!Array.isArray(value)) {
    return isMessage(value) ? { messages: [value], isBatch: false } : notJsonRpc(value);
  }
  if (value.length === 0 || value.length > limits.requestsInFlight) {
    return jsonRpcError(ERROR.invalidRequest, `a batch has 1 to ${limits.requestsInFlight} messages`);
  }
  return value.every(isMessage) ? { messages: value, isBatch: true } : notJsonRpc(undefined);
}

/** The JSON value in the bytes, of at most `limits.jsonDepth` levels; what is not UTF-8 in them is replaced. */
export function parseJson(
  bytes: Buffer,
  { depth } = shapeOf(bytes),
): { readonly value: unknown } | JsonRpcError {
  if (depth > limits.jsonDepth) {
    return jsonRpcError(ERROR.invalidRequest, `nested deeper than ${limits.jsonDepth}`);
  }
  try {
    return { value: JSON.parse(bytes.toString()) };
  } catch {
    return jsonRpcError(ERROR.parse, 'the body is not JSON');
  }
}

function notJsonRpc(value: unknown): JsonRpcError {
  const id = isObject(value) && isRequestId(value.id) ? value.id : undefined;
  return jsonRpcError(ERROR.invalidRequest, 'not a JSON-RPC 2.0 message', id);
}

/** True for an id that we remember; of a longer one nothing good is to be expected. */
export function isRequestId(value: unknown): value is RequestId {
  return typeof value === 'string' ? value.length <= limits.requestIdLength : Number.isSafeInteger(value);
}

/** True for a JSON-RPC message as MCP narrows it. */
export function isMessage(value: unknown): value is JsonRpcMessage {
  if (!isObject(value) || value.jsonrpc !== '2.0') return false;
  if (Object.hasOwn(value, 'method')) {
    return (
      typeof value.method === 'string' &&
      (!Object.hasOwn(value, 'id') || isRequestId(value.id)) &&
      (value.params === undefined || isObject(value.params))
    );
  }
  return isRequestId(value.id) && (Object.hasOwn(value, 'result') || isObject(value.error));
}
