import { once } from 'node:events';
import { connect as connectTcp, type Socket } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { httpsRequest } from '../support/https-request.ts';
import { ENGINES, listen } from '../support/listen.ts';
import { openTls } from '../support/raw-tls.ts';
import { waitFor } from '../support/wait-for.ts';

/** R18 allows 35 s; the engines' own timers run in steps of up to 4 s. */
const CUT_MS = 35_000;
const DRIP_MS = 3_000;

/** Writes one byte every 3 s: never idle, never done. */
function drip(socket: Socket): void {
  const timer = setInterval(() => socket.write('a'), DRIP_MS);
  socket.once('close', () => clearInterval(timer));
}

describe.concurrent.each(ENGINES)('%s', (name) => {
  it('R18: slow handshakes, heads and bodies are all cut, and others are served meanwhile', async () => {
    const { listener, port, ca } = await listen(name, async (exchange) => {
      const body = await exchange.body(1_000);
      exchange.respond(200, {}, body);
    });
    const tls = async (text: string): Promise<Socket> => {
      const socket = await openTls({ port, ca });
      socket.resume();
      socket.write(text);
      return socket;
    };
    const handshake = connectTcp({ host: '127.0.0.1', port });
    await once(handshake, 'connect');
    const head = 'POST / HTTP/1.1\r\nHost: a\r\n';
    const body = `${head}Content-Length: 1000\r\n\r\n`;
    const sockets = [handshake, ...(await Promise.all([tls(''), tls(head), tls(body), tls(`${body}half`)]))];
    const [drippedHead, drippedBody] = await Promise.all([tls(`${head}X-A: `), tls(body)]);
    drip(drippedHead!);
    drip(drippedBody!);
    sockets.push(drippedHead!, drippedBody!);
    for (const socket of sockets) socket.on('error', () => {});
    onTestFinished(() => sockets.forEach((socket) => void socket.destroy()));

    expect((await httpsRequest({ port, ca, method: 'POST', body: 'quick' })).text).toBe('quick');
    await waitFor('every slow client to be cut', () => sockets.every(({ closed }) => closed), CUT_MS);
    expect((await httpsRequest({ port, ca, method: 'POST', body: 'quick' })).text).toBe('quick');
    await waitFor('every connection to go', () => listener.connections() === 0);
  });
});
