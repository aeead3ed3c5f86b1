import { isObject, type JsonObject } from '../../json-object.ts';
import type { JsonRpcError } from '../json-rpc.ts';

/** The MCP error of 2025-11-25 for a page that must be visited first; 2026-07-28 has a result for that. */
const URL_ELICITATION_REQUIRED = -32_042;

/** The pages that an error of 2025-11-25 sends the person to, as questions; undefined for any other error. */
export function urlPagesOf({ code, data }: JsonRpcError['error']): JsonObject | undefined {
  if (code !== URL_ELICITATION_REQUIRED || !isObject(data) || !Array.isArray(data.elicitations))
    return undefined;
  const pages = data.elicitations
    .filter(isObject)
    .map(({ elicitationId: _, ...params }, index) => [
      `elicitation-${index + 1}`,
      { method: 'elicitation/create', params: { ...params, mode: 'url' } },
    ]);
  return pages.length > 0 ? Object.fromEntries(pages) : undefined;
}
