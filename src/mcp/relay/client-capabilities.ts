import { isObject, type JsonObject } from '../../json-object.ts';
import type { JsonRpcRequest } from '../json-rpc.ts';

/**
 * What a shared server is told that its clients can do: everything. What the one client cannot do that a question
 * reaches is refused then.
 */
export const ALL_CAPABILITIES: JsonObject = {
  elicitation: { form: {}, url: {} },
  roots: { listChanged: true },
  sampling: { context: {}, tools: {} },
  tasks: { requests: { elicitation: { create: {} }, sampling: { createMessage: {} } } },
};

function neededFor({ method, params }: JsonRpcRequest): readonly [name: string, part?: string] | undefined {
  if (method === 'roots/list') return ['roots'];
  if (method === 'elicitation/create') return ['elicitation', params?.mode === 'url' ? 'url' : 'form'];
  if (method !== 'sampling/createMessage') return undefined;
  return params?.tools === undefined && params?.toolChoice === undefined
    ? ['sampling']
    : ['sampling', 'tools'];
}

/**
 * The capability that a client needs for a server's question and has not declared, in the form of
 * `requiredCapabilities` (2026-07-28 basic, L387); undefined if it can be asked. An `elicitation` that names no mode
 * means forms (2026-07-28 elicitation, L66).
 */
export function missingCapability(declared: JsonObject, question: JsonRpcRequest): JsonObject | undefined {
  const [name, part] = neededFor(question) ?? [];
  if (name === undefined) return undefined;
  const found = declared[name];
  if (!isObject(found)) return { [name]: part === undefined || part === 'form' ? {} : { [part]: {} } };
  if (part === undefined || isObject(found[part])) return undefined;
  const meansForms = part === 'form' && found.url === undefined;
  return meansForms ? undefined : { [name]: { [part]: {} } };
}
