import { describe, expect, it } from 'vitest';
import type { Exchange, Handler } from '../../src/exchange.ts';
import { limits } from '../../src/limits.ts';
import { httpsRequest } from '../support/https-request.ts';
import { ENGINES, listen } from '../support/listen.ts';
import { openTls, sendRaw } from '../support/raw-tls.ts';
import { waitFor } from '../support/wait-for.ts';

const CAP = limits.formBodyBytes;

describe.each(ENGINES)('%s', (name) => {
  const late = (exchange: Exchange): Promise<void> =>
    new Promise((resolve) => setImmediate(() => resolve(void exchange.method)));
  const FAULTS: [string, Handler, number | 'cut'][] = [
    [
      'a synchronous throw',
      () => {
        throw new Error('secret');
      },
      500,
    ],
    [
      'a rejection',
      async () => {
        throw new Error('secret');
      },
      500,
    ],
    [
      'a late rejection',
      async (exchange) => {
        await late(exchange);
        throw new Error('secret');
      },
      500,
    ],
    [
      'a throw after the body',
      async (exchange) => {
        await exchange.body(9);
        throw new Error('secret');
      },
      500,
    ],
    [
      'a throw after the answer',
      (exchange) => {
        exchange.respond(204, {});
        throw new Error('secret');
      },
      204,
    ],
    [
      'a throw in a close listener',
      (exchange) => {
        exchange.onClose(() => {
          throw new Error('secret');
        });
        exchange.respond(200, {}, 'ok');
      },
      200,
    ],
    [
      'a throw in mid-stream',
      (exchange) => {
        exchange.stream(200, {}).write('x');
        throw new Error('secret');
      },
      'cut',
    ],
    [
      'a second answer to a stream',
      (exchange) => {
        exchange.stream(200, {}).write('x');
        exchange.respond(200, {}, 'again');
      },
      'cut',
    ],
    [
      'a header that would split the answer',
      (exchange) => exchange.respond(200, { 'x-a': 'a\r\nset-cookie: b' }),
      500,
    ],
    ['a NUL in a header', (exchange) => exchange.respond(200, { 'x-a': '\0' }), 500],
    ['an escape in a header', (exchange) => void exchange.stream(200, { 'x-a': '\u001b[2J' }), 500],
    ['U+0085 in a header', (exchange) => exchange.respond(200, { 'x-a': '\u0085' }), 500],
    ['a lone surrogate in a header', (exchange) => exchange.respond(200, { 'x-a': '\ud800' }), 500],
    ['a header name with a colon', (exchange) => exchange.respond(200, { 'x-a: b\r\nx': '' }), 500],
  ];

  it.each(FAULTS)('R20, R21: %s', async (_, handle, outcome) => {
    const { port, ca, faults } = await listen(name, (exchange) =>
      exchange.path === '/alive' ? exchange.respond(200, {}, 'alive') : handle(exchange),
    );
    const bytes = 'POST /fault HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx';
    const { statuses, text, closedBy } = await sendRaw({ port, ca, bytes, quietMs: 300 });
    if (outcome === 'cut') {
      expect(closedBy).toBe('server');
      expect(text).not.toMatch(/0\r\n\r\n$/);
    } else {
      expect(statuses).toEqual([outcome]);
    }
    if (outcome === 500) expect(text).toMatch(/\{"error":"server_error"\}$/);
    expect(text).not.toMatch(/secret|set-cookie/);
    expect(faults).toHaveLength(1);
    expect((await httpsRequest({ port, ca, path: '/alive' })).text).toBe('alive');
  });

  it('R21: clients that vanish at any point leave nothing behind', async () => {
    let open = 0;
    const { listener, port, ca, faults } = await listen(name, async (exchange) => {
      open++;
      exchange.onClose(() => open--);
      await exchange.body(CAP);
      const stream = exchange.stream(200, {});
      for (let index = 0; index < 20; index++) {
        await late(exchange);
        stream.write('x'.repeat(1_000));
      }
      stream.end();
    });
    const raw = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody';
    for (let at = 1; at <= 40; at++) {
      const socket = await openTls({ port, ca });
      socket.write(raw.slice(0, Math.min(at * 2, raw.length)));
      for (let turn = 0; turn < at / 2; turn++) await new Promise((resolve) => setImmediate(resolve));
      socket.destroy();
    }
    await waitFor('every exchange to end', () => open === 0 && listener.connections() === 0);
    expect(faults).toEqual([]);
  });

  it('drop ends the connection unanswered, and what stands behind it in the segment never runs', async () => {
    const paths: string[] = [];
    const { port, ca } = await listen(name, (exchange) => {
      paths.push(exchange.path);
      exchange.drop();
    });
    const one = 'GET /1 HTTP/1.1\r\nHost: a\r\n\r\n';
    const { text, closedBy } = await sendRaw({ port, ca, bytes: one + one.replace('1', '2') });
    expect({ text, closedBy, paths }).toEqual({ text: '', closedBy: 'server', paths: ['/1'] });
  });
});
