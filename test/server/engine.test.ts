import { once } from 'node:events';
import { connect as connectTcp } from 'node:net';
import { networkInterfaces } from 'node:os';
import { connect, type SecureVersion } from 'node:tls';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type Exchange, type Handler, type ResponseStream, respondJson } from '../../src/exchange.ts';
import { limits } from '../../src/limits.ts';
import { chooseEngine } from '../../src/server/choose.ts';
import { httpsRequest } from '../support/https-request.ts';
import { createCredentials, ENGINES, listen } from '../support/listen.ts';
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

/** Reads one open connection slowly or not at all: a client that leaves the answer unread. */
async function openReader(port: number, ca: string): Promise<Awaited<ReturnType<typeof openTls>>> {
  const socket = await openTls({ port, ca });
  socket.pause();
  socket.write('GET /stream HTTP/1.1\r\nHost: a\r\n\r\n');
  return socket;
}

describe.each(ENGINES)('%s', (name) => {
  it('hands over method, path, query, headers and peer exactly as they came', async () => {
    const { port, ca } = await listen(name, (exchange) => {
      const { method, path, query, headers, repeated, peer } = exchange;
      respondJson(exchange, 200, { method, path, query, headers, repeated, peer });
    });
    const { text } = await sendRaw({
      port,
      ca,
      answers: 1,
      bytes:
        'GET /a/../%62?c=%20&d HTTP/1.1\r\nHost: a\r\nX-One: 1\r\nX-ONE: 2\r\nX-Forwarded-For: 8.8.8.8\r\nConstructor: x\r\n\r\n',
    });
    expect(JSON.parse(text.slice(text.indexOf('{')))).toEqual({
      method: 'GET',
      path: '/a/../%62',
      query: 'c=%20&d',
      headers: JSON.parse('{"host":"a","x-one":"1","x-forwarded-for":"8.8.8.8","constructor":"x"}'),
      repeated: ['x-one'],
      // R14: no header changes it.
      peer: '127.0.0.1',
    });
  });

  describe('bodies', () => {
    it.each([0, 1, CAP])('R18: a body of %i bytes arrives whole, by length and in chunks', async (size) => {
      const { port, ca } = await listen(name, echo);
      const body = 'b'.repeat(size);
      expect((await httpsRequest({ port, ca, method: 'POST', body })).text).toBe(body);
      const { text } = await sendRaw({ port, ca, quietMs: 200, bytes: chunked(body, 1_000) });
      expect(text.slice(text.indexOf('\r\n\r\n') + 4)).toBe(body);
    });

    it('R18: one byte more is 413, by length and in chunks, and the connection ends', async () => {
      const { port, ca, faults } = await listen(name, echo);
      const body = 'b'.repeat(CAP + 1);
      const byLength = `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
      for (const bytes of [byLength, chunked(body, 1_000)]) {
        const { statuses, text, closedBy } = await sendRaw({ port, ca, bytes });
        expect({ statuses, closedBy }).toEqual({ statuses: [413], closedBy: 'server' });
        expect(text).toMatch(/^connection: close\r$/im);
      }
      expect(faults).toEqual([]);
    });

    it('R18: an endless body is cut while it is being sent', async () => {
      const { port, ca } = await listen(name, echo);
      const socket = await openTls({ port, ca });
      socket.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000000\r\n\r\n');
      const block = Buffer.alloc(65_536);
      let sent = 0;
      const pour = (): void => {
        while (!socket.destroyed && socket.write(block)) sent += block.length;
      };
      socket.on('drain', pour);
      socket.resume();
      pour();
      await new Promise((resolve) => socket.once('close', resolve));
      expect(sent).toBeLessThan(100 * MIB);
      expect((await httpsRequest({ port, ca, method: 'POST', body: 'x' })).text).toBe('x');
    });

    it('all unfinished bodies together have a limit: what goes past it gets 503', async () => {
      const { port, ca } = await listen(name, (exchange) => void exchange.body(limits.pendingBodyBytes));
      const head = `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${limits.pendingBodyBytes}\r\n\r\n`;
      const first = await openTls({ port, ca });
      first.write(head);
      const part = Buffer.alloc(limits.pendingBodyBytes - MIB);
      await new Promise((resolve) => first.write(part, resolve));
      const second = await sendRaw({ port, ca, bytes: [head, Buffer.alloc(4 * MIB)], quietMs: 5_000 });
      expect(second.statuses).toEqual([503]);
      expect(second.text).toMatch(/^retry-after: \d+\r$/im);
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

  describe('streams', () => {
    async function listenStream(): Promise<
      Awaited<ReturnType<typeof listen>> & { opened(): Promise<ResponseStream>; closed: () => number }
    > {
      const streams: ResponseStream[] = [];
      let closed = 0;
      const listening = await listen(name, (exchange) => {
        exchange.onClose(() => closed++);
        streams.push(exchange.stream(200, { 'content-type': 'text/event-stream' }));
      });
      return {
        ...listening,
        opened: () => waitFor('the stream', () => streams.pop()),
        closed: () => closed,
      };
    }

    it('sends each chunk as it is written', async () => {
      const { port, ca, opened } = await listenStream();
      const socket = await openReader(port, ca);
      let text = '';
      socket.on('data', (data: Buffer) => {
        text += data.toString();
      });
      socket.resume();
      const stream = await opened();
      stream.write('data: 1\n\n');
      await waitFor('the first chunk', () => text.includes('data: 1\n\n'));
      stream.write(Buffer.from('data: é\n\n'));
      await waitFor('the second chunk', () => text.includes('data: é\n\n'));
      stream.end();
      await waitFor('the end', () => text.endsWith('0\r\n\r\n'));
      expect(stream.closed).toBe(true);
    });

    it('delivers every byte to a reader that pauses', async () => {
      const { port, ca, opened } = await listenStream();
      const chunk = Buffer.alloc(100_000, '#');
      const reader = await openReader(port, ca);
      const stream = await opened();
      let received = 0;
      let written = 0;
      reader.on('data', (data: Buffer) => {
        received += data.toString('latin1').split('#').length - 1;
      });
      for (let round = 0; round < 20; round++) {
        reader.pause();
        for (let index = 0; index < 6; index++) {
          stream.write(chunk);
          written += chunk.length;
        }
        reader.resume();
        // Nothing is written meanwhile: what the engine holds must drain by itself.
        await waitFor('all that was written', () => received === written);
      }
      stream.end();
      expect(stream.closed).toBe(true);
    });

    it('a single message larger than the queue reaches a reader that reads', async () => {
      const { port, ca, opened } = await listenStream();
      const answer = httpsRequest({ port, ca, path: '/stream' });
      const stream = await opened();
      const message = 'm'.repeat(3 * limits.streamQueueBytes);
      stream.write(message);
      stream.write('end');
      stream.end();
      expect((await answer).text).toBe(`${message}end`);
    });

    it('R24: a reader that reads nothing is cut off, and memory stays bounded', async () => {
      const { port, ca, opened, closed } = await listenStream();
      const chunk = Buffer.alloc(65_536, 'x');
      const before = process.memoryUsage().rss;
      const readers = 20;
      for (let index = 0; index < readers; index++) {
        await openReader(port, ca);
        const stream = await opened();
        // 100 MB would follow; writing stops taking anything long before.
        let offered = 0;
        await waitFor('the cut', () => {
          for (let count = 0; count < 16 && !stream.closed; count++) {
            stream.write(chunk);
            offered += chunk.length;
          }
          return stream.closed || offered > 100 * MIB;
        });
        expect(offered).toBeLessThan(50 * MIB);
      }
      await waitFor('every exchange to end', () => closed() === readers);
      expect(process.memoryUsage().rss - before).toBeLessThan(300 * MIB);
    });

    it('a client that goes away closes the stream; writing on is harmless', async () => {
      const { port, ca, opened, closed } = await listenStream();
      const reader = await openReader(port, ca);
      const stream = await opened();
      stream.write('data: 1\n\n');
      reader.destroy();
      await waitFor('the close listener', () => closed() === 1);
      expect(stream.closed).toBe(true);
      stream.write('more');
      stream.end();
      expect(closed()).toBe(1);
    });
  });

  describe('faults', () => {
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

  describe('transport', () => {
    const answer: Handler = (exchange) => exchange.respond(200, {}, 'ok');
    async function negotiate(
      port: number,
      ca: string,
      version: SecureVersion,
      ciphers?: string,
    ): Promise<string> {
      // SECLEVEL 0, or the client itself would refuse the old versions and prove nothing.
      const socket = connect({
        host: '127.0.0.1',
        port,
        ca,
        minVersion: version,
        maxVersion: version,
        ciphers: ciphers ?? 'DEFAULT@SECLEVEL=0',
      });
      onTestFinished(() => void socket.destroy());
      await once(socket, 'secureConnect');
      return `${socket.getProtocol()} ${socket.getCipher().name}`;
    }

    it('R1: speaks TLS 1.2 and 1.3 with forward-secret AEAD suites, and nothing older', async () => {
      const { port, ca } = await listen(name, answer);
      expect(await negotiate(port, ca, 'TLSv1.2')).toMatch(
        /^TLSv1.2 ECDHE-ECDSA-(AES|CHACHA20).*(GCM|POLY1305)/,
      );
      expect(await negotiate(port, ca, 'TLSv1.3')).toMatch(/^TLSv1.3 TLS_/);
      for (const version of ['TLSv1', 'TLSv1.1'] as const) {
        await expect(negotiate(port, ca, version)).rejects.toMatchObject({
          code: 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION',
        });
      }
      for (const suite of ['ECDHE-ECDSA-AES128-SHA', 'ECDHE-ECDSA-AES256-SHA384', 'AES128-GCM-SHA256']) {
        await expect(negotiate(port, ca, 'TLSv1.2', `${suite}@SECLEVEL=0`)).rejects.toThrow(
          /handshake failure/,
        );
      }
    });

    it('R1: a plain request gets no HTTP answer', async () => {
      const { port } = await listen(name, answer);
      const socket = connectTcp({ host: '127.0.0.1', port });
      let text = '';
      socket.on('data', (data) => {
        text += data.toString('latin1');
      });
      socket.on('error', () => {});
      socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
      await once(socket, 'close');
      expect(text).not.toContain('HTTP');
    });

    it('R8: a second listener is told that the port is taken, and the first keeps every connection', async () => {
      const { port, ca } = await listen(name, answer);
      for (const other of ENGINES) {
        const engine = await chooseEngine(other);
        const second = engine.listen({
          host: '127.0.0.1',
          port,
          credentialsFile: createCredentials().file,
          handle: answer,
          onFault: () => {},
        });
        await expect(second).rejects.toMatchObject({ code: 'PORT_TAKEN' });
      }
      for (let count = 0; count < 20; count++) expect((await httpsRequest({ port, ca })).text).toBe('ok');
    });

    it('R8: bound to 127.0.0.1, no other address of the machine answers', async () => {
      const { port } = await listen(name, answer);
      const others = Object.values(networkInterfaces())
        .flatMap((addresses) => addresses ?? [])
        .map(({ address }) => address)
        .filter((address) => address !== '127.0.0.1' && !address.startsWith('fe80'));
      for (const host of ['::1', ...others]) {
        const socket = connectTcp({ host, port });
        await expect(once(socket, 'connect')).rejects.toMatchObject({
          code: expect.stringMatching(/^E(CONNREFUSED|ADDRNOTAVAIL|AFNOSUPPORT|NETUNREACH)$/),
        });
      }
    });

    it('close lets an exchange in flight end and then holds nothing', async () => {
      let begun: Exchange | undefined;
      const { listener, port, ca } = await listen(name, (exchange) => {
        begun = exchange;
      });
      const answered = httpsRequest({ port, ca });
      const exchange = await waitFor('the request', () => begun);
      const closed = listener.close();
      await expect(httpsRequest({ port, ca })).rejects.toMatchObject({ code: 'ECONNREFUSED' });
      exchange.respond(200, {}, 'in time');
      expect((await answered).text).toBe('in time');
      await closed;
      await waitFor('every connection to go', () => listener.connections() === 0);
    });
  });
});

it('an engine that cannot read its credentials says which file', async () => {
  for (const name of ENGINES) {
    const engine = await chooseEngine(name);
    const listening = engine.listen({
      host: '127.0.0.1',
      port: 0,
      credentialsFile: '/nonexistent/identity.pem',
      handle: () => {},
      onFault: () => {},
    });
    await expect(listening).rejects.toMatchObject({
      code: 'CERTIFICATE_UNUSABLE',
      message: expect.stringContaining('/nonexistent/identity.pem'),
    });
  }
});
