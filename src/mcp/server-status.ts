import type { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { z } from 'zod';
import { workspaceOf } from './auth-info.ts';
import type { DescribeServer } from './code-server.ts';

export interface ServerStatus {
  readonly version: string;
  readonly engine: 'uws' | 'https';
  readonly uptimeSeconds: number;
  readonly certificate: {
    /** ISO 8601. */
    readonly notAfter: string;
    readonly daysLeft: number;
    readonly serverSha256: string;
  };
  readonly sessions: number;
  readonly workspace: string | undefined;
}

const outputSchema = {
  version: z.string().describe('version of claude-secure'),
  engine: z.enum(['uws', 'https']).describe('the HTTP engine: uWebSockets.js or node:https'),
  uptimeSeconds: z.number().int().describe('seconds since the daemon started'),
  certificate: z.object({
    notAfter: z.string().describe('when the server certificate expires, ISO 8601'),
    daysLeft: z.number().describe('days until then'),
    serverSha256: z.string().describe('SHA-256 fingerprint of the server certificate'),
  }),
  sessions: z.number().int().describe('open MCP sessions'),
  workspace: z.string().optional().describe('the directory this client works in'),
};

export function registerServerStatus(server: McpServer, describe: DescribeServer): void {
  server.registerTool(
    'server_status',
    {
      title: 'Server status',
      description:
        'Reports the health of the claude-secure daemon behind this connection: version, HTTP engine, uptime, ' +
        'certificate expiry, open sessions, and the workspace of this client.',
      inputSchema: {},
      outputSchema,
      annotations: { readOnlyHint: true, idempotentHint: true, destructiveHint: false, openWorldHint: false },
    },
    (_input, { authInfo }) => {
      const status = { ...describe(workspaceOf(authInfo)) };
      return { structuredContent: status, content: [{ type: 'text', text: JSON.stringify(status) }] };
    },
  );
}
