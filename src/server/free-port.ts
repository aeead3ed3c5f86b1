import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';

/**
 * A port that is free right now. uWebSockets.js sets SO_REUSEADDR only for a port that it is given: one that the
 * kernel chose could not be taken again for the minute that its closed connections linger (measured).
 */
export async function findFreePort(host: string): Promise<number> {
  const server = createServer().listen({ host, port: 0 });
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
