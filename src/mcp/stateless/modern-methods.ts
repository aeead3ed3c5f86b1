import type { Params } from '../json-rpc.ts';
import { isDeclared } from '../relay/catalog.ts';

/** What 2026-07-28 has a capability for: without it the method does not exist. */
const CAPABILITIES: Readonly<Record<string, string>> = {
  'completion/complete': 'completions',
  'prompts/get': 'prompts',
  'prompts/list': 'prompts',
  'resources/list': 'resources',
  'resources/read': 'resources',
  'resources/templates/list': 'resources',
  'tools/call': 'tools',
  'tools/list': 'tools',
};

export const isOfCapability = (method: string): boolean => Object.hasOwn(CAPABILITIES, method);

/** False for a method that a server with this `initialize` result cannot have. */
export function exists(result: Params, method: string): boolean {
  const capability = isOfCapability(method) ? CAPABILITIES[method] : undefined;
  return capability === undefined || isDeclared(result, capability);
}
