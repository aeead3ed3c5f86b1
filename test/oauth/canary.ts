import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished } from 'vitest';

/** A web server that nobody should ever ask. */
export async function startCanary(): Promise<{ url: string; expectSilence(): Promise<void> }> {
  const hits: string[] = [];
  const server = createServer((request, response) => {
    hits.push(request.url ?? '');
    response.end();
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  onTestFinished(() => void server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    async expectSilence() {
      // A request of our own proves that the canary listens, and comes behind whatever was sent before.
      await fetch(`${url}/own`);
      expect(hits).toEqual(['/own']);
    },
  };
}
