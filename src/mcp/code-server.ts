import type { ServerStatus } from './server-status.ts';
import type { Upstream } from './upstream.ts';

/** What `server_status` reports to a caller whose token was minted for that workspace. */
export type DescribeServer = (workspace: string | undefined) => ServerStatus;

/** Our own server, `code`. The MCP SDK behind it (145 ms to import, measured) is loaded when it connects. */
export function createCodeServer(describe: DescribeServer): Upstream {
  return {
    name: 'code',
    async connect(peer) {
      const { connectCodeServer } = await import('./code-connection.ts');
      return connectCodeServer(describe, peer);
    },
  };
}
