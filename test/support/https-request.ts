import type { IncomingHttpHeaders } from 'node:http';
import { type Agent, request } from 'node:https';

export interface HttpsRequest {
  port: number;
  /** The roots to trust, as PEM. */
  ca: string;
  method?: string;
  path?: string;
  headers?: Record<string, string | string[]>;
  body?: string | Uint8Array;
  host?: string;
  /** The address to connect from: on Linux all of 127.0.0.0/8 is ours, and the daemon's limits go by the peer. */
  localAddress?: string;
  /** Keeps connections; without one every request has a connection of its own. */
  agent?: Agent;
}

export interface HttpsAnswer {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
}

/** One HTTPS request; rejects when the connection ends without a whole answer. */
export function httpsRequest({ port, ca, body, ...options }: HttpsRequest): Promise<HttpsAnswer> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ host: '127.0.0.1', agent: false, ...options, port, ca }, (incoming) => {
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
      incoming.on('error', reject);
      incoming.on('end', () =>
        resolve({
          status: incoming.statusCode ?? 0,
          headers: incoming.headers,
          text: Buffer.concat(chunks).toString(),
        }),
      );
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}
