import { once } from 'node:events';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import type { Credentials } from './authority.ts';

interface JsonRpcRequest {
  id?: number | string;
  method: string;
}

/** Just enough of MCP for a Claude to call a stranger connected: no tools, no sessions. */
function resultOf(method: string): object | undefined {
  if (method === 'initialize') {
    const serverInfo = { name: 'stranger', version: '1' };
    return { protocolVersion: '2025-06-18', capabilities: { tools: {} }, serverInfo };
  }
  if (method === 'tools/list') return { tools: [] };
  return method === 'ping' ? {} : undefined;
}

export interface ForeignServer {
  readonly port: number;
  /** The header lines of every request that got through TLS. */
  readonly requests: readonly string[];
}

/** Somebody else's HTTPS MCP server, closed with the test; it writes down every request it is sent. */
export async function startForeignServer(credentials: Credentials): Promise<ForeignServer> {
  const requests: string[] = [];
  const server = createServer(credentials, async (request, response) => {
    requests.push([`${request.method} ${request.url}`, ...request.rawHeaders].join('\n'));
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    if (request.method !== 'POST') return response.writeHead(405).end();
    const { id, method } = JSON.parse(Buffer.concat(chunks).toString()) as JsonRpcRequest;
    if (id === undefined) return response.writeHead(202).end();
    const result = resultOf(method);
    const answer = result ? { result } : { error: { code: -32_601, message: 'Method not found' } };
    response.writeHead(200, { 'content-type': 'application/json' });
    return response.end(JSON.stringify({ jsonrpc: '2.0', id, ...answer }));
  });
  server.on('tlsClientError', () => undefined);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return { port: (server.address() as AddressInfo).port, requests };
}
