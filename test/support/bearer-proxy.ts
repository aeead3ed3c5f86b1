import { once } from 'node:events';
import { createServer } from 'node:http';
import { Agent, request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

export interface BearerProxyOptions {
  port: number;
  /** The roots to trust, as PEM. */
  ca: string;
  token: string;
}

const HOST = 'host';

/**
 * A plain HTTP door to the daemon for clients that know neither our authority nor a bearer token; gives its address.
 * It adds the token and leaves everything else as it was written, but for its own name as the host: that becomes the
 * daemon's. A name that somebody made up stays, so what the daemon says to it can be seen. Closed with the test.
 */
export async function startBearerProxy({ port, ca, token }: BearerProxyOptions): Promise<string> {
  // The name for TLS must not come from a made-up host.
  const agent = new Agent({ keepAlive: true, ca, servername: 'localhost' });
  const server = createServer((incoming, answer) => {
    const own = [`localhost:${incoming.socket.localPort}`, `127.0.0.1:${incoming.socket.localPort}`];
    const headers = incoming.rawHeaders.map((value, index, all) =>
      index % 2 === 1 && all[index - 1]?.toLowerCase() === HOST && own.includes(value)
        ? `127.0.0.1:${port}`
        : value,
    );
    const { method, url: path } = incoming;
    const outgoing = request({
      host: '127.0.0.1',
      port,
      path,
      agent,
      ...(method && { method }),
      headers: [...headers, 'Authorization', `Bearer ${token}`],
    });
    outgoing.on('response', (response) => {
      answer.writeHead(response.statusCode ?? 502, response.statusMessage, response.rawHeaders);
      // An event stream's head has to arrive before its first event.
      answer.flushHeaders();
      response.pipe(answer);
      response.on('error', () => answer.destroy());
    });
    outgoing.on('error', () => answer.destroy());
    answer.on('close', () => outgoing.destroy());
    incoming.pipe(outgoing);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
    agent.destroy();
  });
  return `http://localhost:${(server.address() as AddressInfo).port}`;
}
