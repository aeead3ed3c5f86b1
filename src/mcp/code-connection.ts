import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import { VERSION } from '../version.ts';
import { toAuthInfo } from './auth-info.ts';
import type { DescribeServer } from './code-server.ts';
import { ERROR, isRequest, type JsonRpcMessage, jsonRpcError } from './json-rpc.ts';
import { registerServerStatus } from './server-status.ts';
import type { Connection, PeerEvents } from './upstream.ts';

/** One instance for all sessions: the relay keeps them apart, and each request brings its caller along. */
export async function connectCodeServer(
  describe: DescribeServer,
  { deliver }: PeerEvents,
): Promise<Connection> {
  const server = new McpServer(
    { name: 'claude-secure', title: 'claude-secure', version: VERSION },
    { instructions: 'Local tools of claude-secure, served over HTTPS on this machine.' },
  );
  registerServerStatus(server, describe);
  const transport: Transport = {
    async start() {},
    async close() {},
    async send(message, options) {
      deliver(message as JsonRpcMessage, { relatedId: options?.relatedRequestId });
    },
  };
  // The SDK reports a message it cannot read here, at once, and answers nothing.
  let unreadable = false;
  server.server.onerror = () => {
    unreadable = true;
  };
  await server.connect(transport);

  return {
    pid: undefined,
    send(message, caller) {
      unreadable = false;
      transport.onmessage?.(message as Parameters<NonNullable<Transport['onmessage']>>[0], {
        ...(caller && { authInfo: toAuthInfo(caller) }),
      });
      if (unreadable && isRequest(message)) {
        deliver(jsonRpcError(ERROR.invalidParams, 'the params are not what MCP defines', message.id), {});
      }
      return undefined;
    },
    isFull: () => false,
    redact: (text) => text,
    close: () => server.close(),
  };
}
