import { isObject, type JsonObject } from '../../json-object.ts';
import type { Params } from '../json-rpc.ts';

const MAX_NAME = 128;
// Control and format characters, line separators, and whatever climbs out of a path.
const UNSAFE_NAME = /[\p{Cc}\p{Cf}\u2028\u2029]|(?:^|\/)\.\.(?:\/|$)/u;

const isPresentable = (tool: unknown): tool is JsonObject =>
  isObject(tool) &&
  typeof tool.name === 'string' &&
  tool.name.length > 0 &&
  tool.name.length <= MAX_NAME &&
  !UNSAFE_NAME.test(tool.name);

/**
 * The answer to `tools/list` without tools whose names no client may be given (R54); everything else stays as the
 * server said it. Names cannot collide with another server's: each has a path of its own.
 */
export function withPresentableTools(result: Params, onLeftOut: (count: number) => void): Params {
  const { tools } = result;
  if (!Array.isArray(tools)) return result;
  const shown = tools.filter(isPresentable);
  if (shown.length === tools.length) return result;
  onLeftOut(tools.length - shown.length);
  return { ...result, tools: shown };
}
