import { isObject, type JsonObject } from '../json-object.ts';
import type { Paths } from '../paths.ts';
import { quoteCommand } from './quote.ts';
import { describeHelper, type HelperOptions, SERVER, type Served, serverNames } from './server-entry.ts';

/** Cold start and probe together take less than a second; the daemon's own start is given up after ten. */
const TIMEOUT_SECONDS = 15;

export interface HookOptions extends HelperOptions {
  readonly paths: Pick<Paths, 'root' | 'state'>;
  readonly served: Pick<Served, 'upstreams'>;
}

/** The tools of our servers, as Claude calls them. */
function toolPattern(served: HookOptions['served']): string {
  const names = serverNames(served);
  return `mcp__${names.length > 1 ? `(${names.join('|')})` : SERVER}__.*`;
}

/**
 * A hook that brings a killed daemon back before one of our tools is called. 2.1.197 needs it: it gives up a
 * lost stream after two attempts, runs the headers helper no more, and so never gets the daemon back on its
 * own; 2.1.330 does, but fails a call made in the second before (both measured). The pid is only asked for,
 * never signalled. While that process lives the hook is a shell of 2 ms and nothing else: a program looked up on
 * the PATH could be the project's (R59).
 */
function describeHook({ paths, served, ...helper }: HookOptions): JsonObject {
  const { platform } = helper;
  const state = quoteCommand([paths.state], platform);
  // state.json begins so (server/ownership.ts); anything else is no pid to `kill`, and the helper decides.
  const pid = `p=\${p#'{"instanceId":"'*'","pid":'}; kill -0 "\${p%%,*}"`;
  const isAlive = `{ p=; IFS= read -r p <${state}; ${pid}; }`;
  const heal = quoteCommand(describeHelper({ paths, ...helper }, SERVER), platform);
  // Whatever happens, the call goes on: exit 2 of a hook would forbid it.
  const command = `{ ${isAlive} || ${heal}; } >/dev/null 2>&1 || :`;
  return { matcher: toolPattern(served), hooks: [{ type: 'command', command, timeout: TIMEOUT_SECONDS }] };
}

/** The person's hooks with ours behind them; only theirs on Windows, where Claude's hook shell varies. */
export function withHealingHook(theirs: unknown, options: HookOptions): JsonObject | undefined {
  const hooks = isObject(theirs) ? theirs : undefined;
  if (options.platform === 'win32') return hooks;
  const before = Array.isArray(hooks?.PreToolUse) ? hooks.PreToolUse : [];
  return { ...hooks, PreToolUse: [...before, describeHook(options)] };
}
