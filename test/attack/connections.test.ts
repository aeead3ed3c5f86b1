import { once } from 'node:events';
import { connect, type TLSSocket } from 'node:tls';
import { describe, expect, it, onTestFinished } from 'vitest';
import { limits } from '../../src/limits.ts';
import { type Attacked, startAttacked } from '../support/attacked.ts';
import { askControl, mintFor } from '../support/control.ts';
import { ENGINES } from '../support/listen.ts';
import { ask, useToken } from '../support/oauth-client.ts';
import { withDescriptors } from '../support/program.ts';
import { openTls } from '../support/raw-tls.ts';
import { waitFor } from '../support/wait-for.ts';

const CONNECTIONS = 64;
const DESCRIPTORS = CONNECTIONS + limits.descriptorReserve;
const FLOOD = 3 * CONNECTIONS;

/** What a GET with a token and without a session gets. */
const ADMITTED = 'HTTP/1.1 400 Bad Request';

const OTHERS = Array.from({ length: 16 }, (_, index) => `127.0.0.${index + 2}`);
/** And what they get on https: half of all for one address, and never the connection that has shown a token. */
const FLOODS = [
  {
    from: "the owner's own address, as another account has it",
    peers: ['127.0.0.1'],
    share: CONNECTIONS / 2,
  },
  { from: 'many addresses', peers: OTHERS, share: CONNECTIONS - 1 },
];

const startSmall = (engine: (typeof ENGINES)[number]): Promise<Attacked> =>
  startAttacked(engine, {}, withDescriptors(DESCRIPTORS));

/** Opens connections that say nothing; tells how many of them the daemon holds. */
async function flood(
  { port, ca }: Attacked,
  peers: readonly string[],
): Promise<{ held(): number; end(): void }> {
  const opened = new Set<TLSSocket>();
  const sockets = Array.from({ length: FLOOD }, (_, index) => {
    const to = { host: '127.0.0.1', port, ca, localAddress: peers[index % peers.length] };
    return connect(to);
  });
  const end = (): void => sockets.forEach((socket) => void socket.destroy());
  onTestFinished(end);
  for (const socket of sockets) {
    socket.on('error', () => {});
    socket.once('secureConnect', () => opened.add(socket));
    socket.resume();
  }
  await waitFor('every connection to be taken or refused', () =>
    sockets.every((socket) => socket.destroyed || opened.has(socket)),
  );
  return { held: () => sockets.filter((socket) => !socket.destroyed && opened.has(socket)).length, end };
}

/** One more request on a connection that has been used before. */
async function askOn(socket: TLSSocket, request: string): Promise<string> {
  socket.write(request);
  const [data] = await once(socket, 'data');
  return String(data).split('\r\n', 1)[0] ?? '';
}

describe.each(ENGINES)('connections to the built daemon on %s', (engine) => {
  // Another account of this machine has the owner's own address, another machine has not.
  it.each(FLOODS)(
    'R19: a flood from $from stops before the descriptors do, and whoever has shown a token stays',
    async ({ peers, share }) => {
      const attacked = await startSmall(engine);
      const { home, port, ca } = attacked;
      const token = await mintFor(home, home.dir);
      const known = await openTls({ port, ca });
      const request = `GET /mcp HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nAuthorization: Bearer ${token}\r\nAccept: application/json\r\n\r\n`;
      expect(await askOn(known, request)).toBe(ADMITTED);

      const { held, end } = await flood(attacked, peers);
      await waitFor('the rest to be cut', () => held() < CONNECTIONS);
      expect(await askOn(known, request)).toBe(ADMITTED);
      if (engine === 'https') {
        expect(held()).toBe(share);
        // The oldest without a token makes room, so that the owner's next one gets in.
        for (let round = 0; round < 5; round++) {
          expect((await askControl(home, 'status', {})).connections).toBeGreaterThan(CONNECTIONS / 4);
          expect(await useToken(home, token)).toBe(200);
        }
        expect(held()).toBeGreaterThan(CONNECTIONS / 4);
      } else {
        // uWebSockets.js names no connection that closes, so the newest is refused, whoever that is.
        expect(held()).toBe(CONNECTIONS - 1);
        await expect(ask(home, { path: '/health' })).rejects.toThrow();
      }
      end();
      await waitFor('the flood to be over', async () => (await useToken(home, token).catch(() => 0)) === 200);
      await attacked.expectAlive();
    },
  );
});
