import { SERVER_INFO_META_KEY } from '@modelcontextprotocol/server';
import { isObject, type JsonObject } from '../../json-object.ts';
import type { JsonRpcError, Params } from '../json-rpc.ts';

const RESOURCE_NOT_FOUND = -32_002;
const INVALID_PARAMS = -32_602;
const INTERNAL = -32_603;

/** Only 2026-07-28 itself may give these their meaning (2026-07-28 basic, L122). */
const isReserved = (code: number): boolean => code <= -32_020 && code >= -32_099;

/** The error of a server of 2025-11-25, as 2026-07-28 says it. */
export function modernError(
  { code, message, data }: JsonRpcError['error'],
  params: Params,
): JsonRpcError['error'] {
  if (code === RESOURCE_NOT_FOUND) {
    const uri = isObject(data) && typeof data.uri === 'string' ? data.uri : params.uri;
    return { code: INVALID_PARAMS, message, data: { ...(isObject(data) && data), uri } };
  }
  const isGood = Number.isSafeInteger(code) && !isReserved(code);
  return {
    code: isGood ? code : INTERNAL,
    message: String(message ?? ''),
    ...(data !== undefined && { data }),
  };
}

/** A schema without the headers that it asks for: mirroring is a server's choice, and on stdio there are none. */
function withoutHeaders(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(withoutHeaders);
  if (!isObject(schema)) return schema;
  // A property may have that name, too: there a schema stands behind it.
  const entries = Object.entries(schema).filter(
    ([key, value]) => key !== 'x-mcp-header' || typeof value !== 'string',
  );
  return Object.fromEntries(entries.map(([key, value]) => [key, withoutHeaders(value)]));
}

/** Tools that must run as tasks cannot run here: 2026-07-28 has no tasks of its own. */
const needsTask = ({ execution }: JsonObject): boolean =>
  isObject(execution) && execution.taskSupport === 'required';

/** The tools of a server of 2025-11-25, as 2026-07-28 can call them. */
function modernTools(tools: readonly unknown[]): unknown[] {
  const shown = tools.filter(isObject).filter((tool) => !needsTask(tool));
  return shown.map(({ execution: _, ...tool }) =>
    isObject(tool.inputSchema) ? { ...tool, inputSchema: withoutHeaders(tool.inputSchema) } : tool,
  );
}

/** Results that say how long they may be kept (2026-07-28 caching). */
const CACHEABLE: readonly string[] = [
  'prompts/list',
  'resources/list',
  'resources/read',
  'resources/templates/list',
  'tools/list',
];

const isTtl = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;

/** A result with the name of its server, unless it names one itself. */
export function signed(result: JsonObject, serverInfo: unknown): JsonObject {
  const { _meta = {} } = result;
  if (serverInfo === undefined || !isObject(_meta) || _meta[SERVER_INFO_META_KEY] !== undefined)
    return result;
  return { ...result, _meta: { ..._meta, [SERVER_INFO_META_KEY]: serverInfo } };
}

/**
 * The result of a server of 2025-11-25, as 2026-07-28 says it. Such a server cannot say that it asks for something, nor
 * that a cache may give the result to others, whose tokens may reach other things.
 */
export function modernResult(method: string, result: JsonObject): JsonObject {
  const modern: JsonObject = { ...result, resultType: 'complete' };
  if (CACHEABLE.includes(method)) {
    modern.ttlMs = isTtl(result.ttlMs) ? result.ttlMs : 0;
    modern.cacheScope = 'private';
  }
  if (result.cacheScope === 'public') modern.cacheScope = 'private';
  if (method === 'tools/list' && Array.isArray(result.tools)) modern.tools = modernTools(result.tools);
  return modern;
}
