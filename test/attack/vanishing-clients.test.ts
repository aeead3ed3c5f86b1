import { once } from 'node:events';
import { connect as connectTcp } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { describe, it, onTestFinished } from 'vitest';
import { type Attacked, startAttacked } from '../support/attacked.ts';
import { askControl, mintFor } from '../support/control.ts';
import { ENGINES } from '../support/listen.ts';
import { waitFor } from '../support/wait-for.ts';

const AT_ONCE = 20;

/** Sends the bytes and is gone by a TCP reset, without a word of TLS. */
async function sendAndReset({ port, ca }: Attacked, bytes: Uint8Array): Promise<void> {
  const tcp = connectTcp({ host: '127.0.0.1', port });
  onTestFinished(() => void tcp.destroy());
  await once(tcp, 'connect');
  const tls = connectTls({ socket: tcp, ca, host: '127.0.0.1' });
  tls.on('error', () => {});
  tcp.on('error', () => {});
  await once(tls, 'secureConnect');
  await new Promise((resolve) => tls.write(bytes, resolve));
  tcp.resetAndDestroy();
}

describe.each(ENGINES)('clients that vanish from the built daemon on %s', (engine) => {
  it('R21: by a reset at every byte of a request, of an upload and of a stream, and nothing of them is left', async () => {
    const attacked = await startAttacked(engine);
    const { home, place, expectAlive } = attacked;
    const token = await mintFor(home, home.dir);
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'ping' });
    const head = `Host: HOST\r\nAuthorization: Bearer ${token}\r\nAccept: application/json, text/event-stream\r\n`;
    const form = 'grant_type=refresh_token&client_id=a&refresh_token=b';
    const type = 'Content-Type: application/x-www-form-urlencoded';
    const requests: [string, number][] = [
      [
        `POST /oauth/token HTTP/1.1\r\nHost: HOST\r\n${type}\r\nContent-Length: ${form.length}\r\n\r\n${form}`,
        1,
      ],
      [
        `POST /mcp HTTP/1.1\r\n${head}Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
        31,
      ],
      [`GET /mcp/sse HTTP/1.1\r\n${head}\r\n`, 31],
      [`GET /oauth/authorize?client_id=x HTTP/1.1\r\nHost: HOST\r\n\r\n`, 7],
    ];
    for (const [request, step] of requests) {
      const bytes = Buffer.from(place(request));
      const ends = Array.from({ length: Math.ceil(bytes.length / step) }, (_, index) => index * step + 1);
      // Whole, too: then the answer, or the stream, meets nobody.
      const parts = [...ends, ...Array.from({ length: AT_ONCE }, () => bytes.length)];
      for (let first = 0; first < parts.length; first += AT_ONCE) {
        const batch = parts.slice(first, first + AT_ONCE);
        await Promise.all(batch.map((end) => sendAndReset(attacked, bytes.subarray(0, end))));
      }
    }
    await expectAlive();
    await waitFor('nothing to be left', async () => {
      const { connections, sessions } = await askControl(home, 'status', {});
      return connections === 0 && sessions === 0;
    });
    await expectAlive();
  });
});
