import type { Paths } from '../paths.ts';
import { quoteCommand } from './quote.ts';

/** Our server's name in Claude: its tools are `mcp__code__…`. */
export const SERVER = 'code';

export interface HelperOptions {
  readonly paths: Pick<Paths, 'root'>;
  /** Node and our own bin, both absolute. */
  readonly helperCommand: readonly string[];
  readonly platform: NodeJS.Platform;
}

/**
 * The words of our hidden command. It is told the home, because a background session runs it with the
 * environment of Claude's own daemon and not with that of this launch (measured).
 */
export function describeHelper({ paths, helperCommand, platform }: HelperOptions): string[] {
  const home =
    platform === 'win32' ? [] : ['/usr/bin/env', '-u', 'NODE_OPTIONS', `CLAUDE_SECURE_HOME=${paths.root}`];
  return [...home, ...helperCommand, 'headers', SERVER];
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
