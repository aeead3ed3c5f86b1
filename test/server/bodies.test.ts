import { describe, expect, it } from 'vitest';
import type { Handler } from '../../src/exchange.ts';
import { limits } from '../../src/limits.ts';
import { httpsRequest } from '../support/https-request.ts';
import { ENGINES, listen } from '../support/listen.ts';
import { openTls, sendRaw } from '../support/raw-tls.ts';
import { waitFor } from '../support/wait-for.ts';

const CAP = limits.formBodyBytes;
const MIB = 1_048_576;

const echo: Handler = async (exchange) => {
  const body = await exchange.body(CAP);
  exchange.respond(200, { 'content-type': 'application/octet-stream' }, body);
};

function chunked(body: string, size: number): string {
  const chunks: string[] = [];
  for (let at = 0; at < body.length; at += size) {
    const chunk = body.slice(at, at + size);
    chunks.push(`${chunk.length.toString(16)}\r\n${chunk}\r\n`);
  }
  return `POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n${chunks.join('')}0\r\n\r\n`;
}

describe.each(ENGINES)('%s', (name) => {
  it.each([0, 1, CAP])('R18: a body of %i bytes arrives whole, by length and in chunks', async (size) => {
    const { port, ca } = await listen(name, echo);
    const body = 'b'.repeat(size);
    expect((await httpsRequest({ port, ca, method: 'POST', body })).text).toBe(body);
    const { text } = await sendRaw({ port, ca, quietMs: 200, bytes: chunked(body, 1_000) });
    expect(text.slice(text.indexOf('\r\n\r\n') + 4)).toBe(body);
  });

  it('all unfinished bodies together have a limit: what goes past it gets 503', async () => {
    const { port, ca } = await listen(name, (exchange) => void exchange.body(limits.pendingBodyBytes));
    const head = `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${limits.pendingBodyBytes}\r\n\r\n`;
    const sizes = [limits.pendingBodyBytes - MIB, 4 * MIB];
    const answers = await Promise.all(
      sizes.map((size) => sendRaw({ port, ca, bytes: [head, Buffer.alloc(size)], quietMs: 3_000 })),
    );
    // Whichever came second.
    expect(answers.flatMap(({ statuses }) => statuses)).toEqual([503]);
    expect(answers.map(({ text }) => text).join('')).toMatch(/^retry-after: \d+\r$/im);
  });

  it('a client that goes away in mid-body ends the exchange, and the body rejects', async () => {
    const seen: string[] = [];
    const { port, ca, faults } = await listen(name, async (exchange) => {
      exchange.onClose(() => seen.push('closed'));
      await exchange.body(CAP).catch((error: Error) => {
        seen.push(error.constructor.name);
        throw error;
      });
    });
    const socket = await openTls({ port, ca });
    socket.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhalf', () => socket.destroy());
    await waitFor('the end', () => seen.length === 2);
    expect(seen.sort()).toEqual(['ClientGone', 'closed']);
    expect(faults).toEqual([]);
  });
});
