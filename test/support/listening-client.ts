import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import { waitFor } from './wait-for.ts';

export interface ListeningClient {
  readonly redirectUri: string;
  /** The address that a browser came to it with. */
  arrival(): Promise<URL>;
  /** How often one came. */
  readonly arrivals: number;
}

/** A program that waits on a loopback port for its OAuth answer, until the test ends. `html` is what it shows. */
export async function listenAsClient(host = '127.0.0.1', html = 'done'): Promise<ListeningClient> {
  const visits: URL[] = [];
  const server = createServer(({ url = '' }, response) => {
    if (url.startsWith('/callback')) visits.push(new URL(url, redirectUri));
    response.setHeader('content-type', 'text/html');
    response.end(`<title>client</title>${html}`);
  });
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  await new Promise<void>((resolve) => server.listen(0, host === '[::1]' ? '::1' : '127.0.0.1', resolve));
  const redirectUri = `http://${host}:${(server.address() as AddressInfo).port}/callback`;
  return {
    redirectUri,
    arrival: () => waitFor('the browser', () => visits[0]),
    get arrivals() {
      return visits.length;
    },
  };
}
