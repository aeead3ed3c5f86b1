import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { limits } from '../../src/limits.ts';
import { httpsRequest } from '../support/https-request.ts';
import { createCredentials, ENGINES, listen } from '../support/listen.ts';
import { openTls } from '../support/raw-tls.ts';
import { waitFor } from '../support/wait-for.ts';

/** R18 allows 35 s; the engines' own timers run in steps of up to 4 s. */
const CUT_MS = 35_000;
const DRIP_MS = 3_000;

const PROGRAM = fileURLToPath(new URL('../fixtures/engine-server.mjs', import.meta.url));

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

/** Descriptors that the flooded daemon may have: 32 connections and the reserve. */
const DESCRIPTORS = limits.descriptorReserve + 32;
const FLOOD = 100;

describe.each(ENGINES)('%s', (name) => {
  it('R19: connections stop before the descriptors do, and after the flood it serves as before', async () => {
    const { file, ca } = createCredentials();
    const limit = `--nofile=${DESCRIPTORS}:${DESCRIPTORS}`;
    const server = spawn('/usr/bin/prlimit', [limit, process.execPath, PROGRAM, name, file]);
    onTestFinished(() => void server.kill('SIGKILL'));
    const [line] = await once(server.stdout, 'data');
    const port = Number(line);

    const flood = Array.from({ length: FLOOD }, () => connectTls({ host: '127.0.0.1', port, ca }));
    onTestFinished(() => flood.forEach((socket) => void socket.destroy()));
    let opened = 0;
    for (const socket of flood) {
      socket.on('error', () => {});
      socket.once('secureConnect', () => opened++);
    }
    const refused = (): number => flood.filter(({ destroyed }) => destroyed).length;
    await waitFor('every connection to be taken or refused', () => opened + refused() >= FLOOD);
    expect(opened).toBeLessThanOrEqual(32);
    expect(opened).toBeGreaterThan(0);

    for (const socket of flood) socket.destroy();
    const counted = await waitFor('the flood to be over', async () => {
      const answer = await httpsRequest({ port, ca }).catch(() => undefined);
      return answer?.text === '1' && answer.text;
    });
    expect(counted).toBe('1');
  });
});
