import type { AddressInfo } from 'node:net';
import { createServer as createTcpServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { onTestFinished } from 'vitest';

export interface Stranger {
  readonly port: number;
  /** Every byte that it received, decrypted if it speaks TLS. */
  received(): string;
  /** Stops listening; open connections stay. */
  close(): void;
}

export interface StrangerOptions {
  /** PEM of key and chain: speaks TLS with it. */
  credentials?: { key: string; cert: string };
  port?: number;
  answer?(socket: Socket, text: string): void;
}

/** A server on the daemon's port, whatever it is; gone when the test ends. */
export async function startStranger({ credentials, port = 0, answer }: StrangerOptions): Promise<Stranger> {
  let received = '';
  const sockets = new Set<Socket>();
  const serve = (socket: Socket): void => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => {
      received += chunk.toString('latin1');
      answer?.(socket, chunk.toString('latin1'));
    });
  };
  const server: Server = credentials ? createTlsServer(credentials, serve) : createTcpServer(serve);
  server.on('tlsClientError', () => undefined);
  await new Promise<void>((resolve) => server.listen({ host: '127.0.0.1', port }, resolve));
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  return {
    port: (server.address() as AddressInfo).port,
    received: () => received,
    close: () => void server.close(),
  };
}

/** Answers every request with these bytes of HTTP. */
export const answering =
  (status: string, body: string) =>
  (socket: Socket): void => {
    socket.write(`HTTP/1.1 ${status}\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
  };
