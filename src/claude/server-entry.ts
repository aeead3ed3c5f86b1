import { SETTINGS } from '../config.ts';
import type { Paths } from '../paths.ts';
import { quoteCommand } from './quote.ts';

/** Our server's name in Claude: its tools are `mcp__code__…`. */
export const SERVER = 'code';

export interface HelperOptions {
  readonly paths: Pick<Paths, 'root'>;
  /** Node and our own bin, both absolute. */
  readonly helperCommand: readonly string[];
  readonly platform: NodeJS.Platform;
  /** Of this launch. */
  readonly env: NodeJS.ProcessEnv;
}

/** The arguments that have env(1) set our variables as they are at this launch, and no others of ours. */
function pinVariables({ env, paths }: HelperOptions): string[] {
  const pinned: NodeJS.ProcessEnv = { ...env, CLAUDE_SECURE_HOME: paths.root };
  const names = SETTINGS.map(({ variable }) => variable);
  const unset = ['NODE_OPTIONS', ...names.filter((name) => !pinned[name])];
  const set = names.filter((name) => pinned[name]);
  return [...unset.flatMap((name) => ['-u', name]), ...set.map((name) => `${name}=${pinned[name]}`)];
}

/**
 * The words of our hidden command. It is told our variables: a background session runs it with the environment
 * of Claude's own daemon (measured), and a project's settings may have others for whatever Claude starts, which
 * would move the daemon or open it to the network (R59).
 */
export function describeHelper(options: HelperOptions): string[] {
  const pin = options.platform === 'win32' ? [] : ['/usr/bin/env', ...pinVariables(options)];
  return [...pin, ...options.helperCommand, 'headers', SERVER];
}

/**
 * Our server as Claude's configuration files say it. It holds no secret: Claude runs the helper for the
 * headers.
 */
export function describeServer({ port, ...helper }: HelperOptions & { readonly port: number }) {
  const headersHelper = quoteCommand(describeHelper(helper), helper.platform);
  // The literal address: on [::1] a different program may own the port.
  return { mcpServers: { [SERVER]: { type: 'http', url: `https://127.0.0.1:${port}/mcp`, headersHelper } } };
}
