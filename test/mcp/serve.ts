import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import type { Caller } from '../../src/caller.ts';
import { BodyTooLarge, ClientGone, type Exchange, type Headers } from '../../src/exchange.ts';
import type { Log } from '../../src/log.ts';
import { createMcp, type Mcp } from '../../src/mcp/legs.ts';
import type { Upstream } from '../../src/mcp/upstream.ts';

/** The port of the routes on plain node:http: what is tested here is above the engines. */
function toExchange(request: IncomingMessage, response: ServerResponse): Exchange {
  const [path = '', query = ''] = (request.url ?? '').split('?');
  const listeners = new Set<() => void>();
  response.once('close', () => {
    for (const listener of listeners) listener();
  });
  return {
    method: request.method ?? '',
    path,
    query,
    headers: request.headers as Headers,
    repeated: [],
    peer: '127.0.0.1',
    get closed() {
      return response.closed || response.writableEnded;
    },
    async body(maxBytes) {
      const chunks: Buffer[] = [];
      let size = 0;
      for await (const chunk of request) {
        chunks.push(chunk);
        size += chunk.length;
        if (size > maxBytes) {
          response.writeHead(413).end();
          throw new BodyTooLarge();
        }
      }
      if (response.closed) throw new ClientGone();
      return Buffer.concat(chunks);
    },
    respond(status, headers, body) {
      if (!this.closed) response.writeHead(status, headers).end(body);
    },
    stream(status, headers) {
      response.writeHead(status, headers).flushHeaders();
      return {
        get closed() {
          return response.closed || response.writableEnded;
        },
        write: (chunk) => void (response.writableEnded || response.write(chunk)),
        end: () => void response.end(),
      };
    },
    drop: () => request.socket.destroy(),
    onClose(listener) {
      if (response.closed) listener();
      else listeners.add(listener);
    },
  };
}

const silent = (): void => {};
export const SILENT_LOG: Log = { error: silent, info: silent, debug: silent, close: silent };

export interface Served {
  readonly url: string;
  readonly mcp: Mcp;
  /** A bearer token of the grant; `workspace` as the launcher would have minted it. */
  token(grantId: string, workspace?: string): string;
  /** How many requests came with a good token. */
  authenticated(): number;
  /** Ends the token, as expiry or revocation do. */
  end(token: string): void;
}

/** Serves the routes of `createMcp` on a free port of loopback until the test ends. */
export async function serveMcp(upstream: Upstream, now?: () => number): Promise<Served> {
  const tokens = new Map<string, { caller: Caller; controller: AbortController }>();
  let authenticated = 0;
  const mcp = createMcp({
    upstream,
    log: SILENT_LOG,
    ...(now && { now }),
    async authenticate(exchange) {
      const caller = tokens.get(exchange.headers.authorization?.replace(/^Bearer /, '') ?? '')?.caller;
      if (caller) authenticated++;
      else exchange.respond(401, { 'www-authenticate': 'Bearer' });
      return caller;
    },
  });
  const server = createServer((request, response) => {
    const exchange = toExchange(request, response);
    const handler = mcp.routes[exchange.path]?.[exchange.method];
    if (handler) void handler(exchange);
    else response.writeHead(405).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    mcp.close();
    server.closeAllConnections();
    server.close();
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    mcp,
    token(grantId, workspace) {
      const tokenId = `${grantId}-${tokens.size}`;
      const controller = new AbortController();
      const caller: Caller = {
        grantId,
        tokenId,
        clientId: `client-${grantId}`,
        scopes: ['mcp'],
        workspace,
        ended: controller.signal,
      };
      tokens.set(tokenId, { caller, controller });
      return tokenId;
    },
    authenticated: () => authenticated,
    end(token) {
      tokens.get(token)?.controller.abort();
      tokens.delete(token);
    },
  };
}
