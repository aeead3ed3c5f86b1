import type { Paths } from '../paths.ts';
import { quoteCommand } from './quote.ts';

/** Our server's name in Claude: its tools are `mcp__code__…`. */
const SERVER = 'code';

export interface ServerEntryOptions {
  readonly port: number;
  readonly paths: Pick<Paths, 'root'>;
  /** Node and our own bin, both absolute. */
  readonly helperCommand: readonly string[];
  readonly platform: NodeJS.Platform;
}

/**
 * Our server as Claude's configuration files say it. It holds no secret: Claude runs the helper for the
 * headers. The helper is told the home, because a background session runs it with the environment of
 * Claude's own daemon and not with that of this launch (measured).
 */
export function describeServer({ port, paths, helperCommand, platform }: ServerEntryOptions) {
  const home = platform === 'win32' ? [] : ['/usr/bin/env', `CLAUDE_SECURE_HOME=${paths.root}`];
  const headersHelper = quoteCommand([...home, ...helperCommand, 'headers', SERVER], platform);
  // The literal address: on [::1] a different program may own the port.
  return { mcpServers: { [SERVER]: { type: 'http', url: `https://127.0.0.1:${port}/mcp`, headersHelper } } };
}
