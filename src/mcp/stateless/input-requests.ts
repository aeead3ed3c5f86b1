import { isObject, type JsonObject } from '../../json-object.ts';
import type { JsonRpcRequest } from '../json-rpc.ts';

/** A server may name the key of its question here; no client sees it. */
const KEY_HINT = 'claude-secure/inputKey';
const MAX_KEY = 128;

const KINDS: Readonly<Record<string, string>> = {
  'elicitation/create': 'elicitation',
  'roots/list': 'roots',
  'sampling/createMessage': 'sampling',
};

/** Only these may have questions for a result (2026-07-28 mrtr, L186). */
const MAY_ASK: readonly string[] = ['tools/call', 'prompts/get', 'resources/read'];

export const mayAsk = (method: string): boolean => MAY_ASK.includes(method);

/** The key by which the client knows the question: the server's own word for it, else its kind and a number. */
export function nameQuestion({ method, params }: JsonRpcRequest, taken: ReadonlySet<string>): string {
  const meta = params?._meta;
  const hint = isObject(meta) ? meta[KEY_HINT] : undefined;
  if (typeof hint === 'string' && hint.length <= MAX_KEY && !taken.has(hint)) return hint;
  const kind = KINDS[method] ?? 'input';
  for (let number = 1; ; number++) if (!taken.has(`${kind}-${number}`)) return `${kind}-${number}`;
}

/** The question as 2026-07-28 has it: the same params, without what only a session needs. */
export function inputRequestOf({ method, params = {} }: JsonRpcRequest): JsonObject {
  const { elicitationId: _, _meta, ...rest } = params;
  const meta = isObject(_meta) ? { ..._meta } : {};
  delete meta[KEY_HINT];
  delete meta.progressToken;
  return { method, params: { ...rest, ...(Object.keys(meta).length > 0 && { _meta: meta }) } };
}
