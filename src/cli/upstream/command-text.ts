import { quoteCommand } from '../../claude/quote.ts';
import type { UpstreamDefinition } from '../../upstreams.ts';
import { terminalLine } from '../terminal-text.ts';

/** What starts a server, as a person would type it, on one line. */
export function commandText({ command, args }: Pick<UpstreamDefinition, 'command' | 'args'>): string {
  return terminalLine(quoteCommand([command, ...args], process.platform));
}
