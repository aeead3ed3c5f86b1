import { once } from 'node:events';
import { connect as connectTcp, type Socket } from 'node:net';
import { stripVTControlCharacters } from 'node:util';
import { expect, it, onTestFinished } from 'vitest';
import { limits } from '../../src/limits.ts';
import { type Attacked, startAttacked } from '../support/attacked.ts';
import { askControl, mintFor } from '../support/control.ts';
import { ENGINES } from '../support/listen.ts';
import { useToken } from '../support/oauth-client.ts';
import { memoryOf } from '../support/processes.ts';
import { openTls } from '../support/raw-tls.ts';
import { type Running, start } from '../support/run.ts';
import { waitFor } from '../support/wait-for.ts';

/** R18 allows 35 s; the engines' own timers run in steps of up to 4 s. */
const CUT_MS = 35_000;
const DRIP_MS = 3_000;
const POUR_MS = 50;
const POUR_BYTES = 262_144;

/** Writes the same again and again: never idle, never done. */
function repeat(socket: Socket, bytes: string, everyMs: number): void {
  const timer = setInterval(() => socket.writableLength === 0 && socket.write(bytes), everyMs);
  socket.once('close', () => clearInterval(timer));
}

/** Opens one connection for each way to be slow. */
async function openSlowClients({ port, ca, place }: Attacked): Promise<Socket[]> {
  const tls = async (text: string): Promise<Socket> => {
    const socket = await openTls({ port, ca });
    socket.resume();
    socket.write(place(text));
    return socket;
  };
  const handshake = connectTcp({ host: '127.0.0.1', port });
  await once(handshake, 'connect');
  const head = 'POST /oauth/register HTTP/1.1\r\nHost: HOST\r\nContent-Type: application/json\r\n';
  const body = `${head}Content-Length: ${limits.registrationBodyBytes}\r\n\r\n`;
  const dripped = await Promise.all([tls(`${head}X-A: `), tls(body)]);
  for (const socket of dripped) repeat(socket, 'a', DRIP_MS);
  // Refused for want of a token, and sends on as if it had not heard.
  const deaf = await tls(`POST /mcp HTTP/1.1\r\nHost: HOST\r\nContent-Length: ${10 ** 12}\r\n\r\n`);
  repeat(deaf, 'a'.repeat(POUR_BYTES), POUR_MS);
  const silent = await Promise.all(['', head, body, `${body}half`].map(tls));
  return [handshake, ...dripped, deaf, ...silent];
}

/** Debian's slowhttptest: 200 connections that never finish their headers (`-H`) or their bodies (`-B`). */
function startSlowHttpTest({ daemon, home }: Attacked, way: '-H' | '-B'): Running {
  const url = `${daemon.url}/oauth/register`;
  const options = `${way} -c 200 -r 100 -i 2 -l 10 -p 5 -x 24 -u ${url}`.split(' ');
  return start(['/usr/bin/slowhttptest', ...options], { env: home.env });
}

/** Everything that is slow at once, and somebody who is not. */
async function attackSlowly(
  attacked: Attacked,
  tools: readonly Running[],
  sockets: readonly Socket[],
): Promise<void> {
  const { home, daemon, expectAlive } = attacked;
  const status = () => askControl(home, 'status', {});
  await waitFor('the flood', async () => (await status()).connections > 100);
  let ended = false;
  const outcomes = Promise.all(tools.map((tool) => tool.ended)).finally(() => {
    ended = true;
  });
  while (!ended) await expectAlive();
  expect(await useToken(home, await mintFor(home, home.dir))).toBe(200);
  for (const { stdout } of await outcomes) {
    const text = stripVTControlCharacters(stdout);
    expect(text).toMatch(/service available: +YES/);
    expect(text).not.toMatch(/service available: +NO/);
    expect(text).toContain('Hit test time limit');
  }
  await waitFor('every slow client to be cut', () => sockets.every(({ closed }) => closed), CUT_MS);
  expect(memoryOf(daemon.state.pid).peak).toBeLessThan(256);
  await expectAlive();
  await waitFor('every connection to go', async () => (await status()).connections === 0);
}

it('R18: slow handshakes, heads and bodies are all cut, and others are served meanwhile, on both engines', async () => {
  const attacks: Promise<void>[] = [];
  for (const engine of ENGINES) {
    const attacked = await startAttacked(engine);
    const sockets = await openSlowClients(attacked);
    for (const socket of sockets) socket.on('error', () => {});
    const tools = [startSlowHttpTest(attacked, '-H'), startSlowHttpTest(attacked, '-B')];
    onTestFinished(() => {
      for (const socket of sockets) socket.destroy();
      for (const tool of tools) tool.kill('SIGKILL');
    });
    attacks.push(attackSlowly(attacked, tools, sockets));
  }
  await Promise.all(attacks);
});
