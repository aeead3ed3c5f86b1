import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

export interface Proxy {
  readonly url: string;
  /** Every name that was asked for. */
  readonly asked: readonly string[];
}

/**
 * A CONNECT proxy that leads names to local ports: how a client meets a server that claims to be
 * `api.anthropic.com` without a change to the machine's name resolution. Closed with the test.
 */
export async function startProxy(ports: ReadonlyMap<string, number>): Promise<Proxy> {
  const asked: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer();
  server.on('connect', (request, client: Socket) => {
    const [name = ''] = String(request.url).split(':');
    asked.push(name);
    const port = ports.get(name);
    if (port === undefined) return client.destroy();
    const target = connect(port, '127.0.0.1', () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n');
      client.pipe(target).pipe(client);
    });
    for (const socket of [client, target]) {
      sockets.add(socket);
      socket.on('error', () => socket.destroy());
    }
    return undefined;
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  onTestFinished(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}
