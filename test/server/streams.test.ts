import { describe, expect, it } from 'vitest';
import type { Exchange, ResponseStream } from '../../src/exchange.ts';
import { limits } from '../../src/limits.ts';
import { httpsRequest } from '../support/https-request.ts';
import { ENGINES, listen } from '../support/listen.ts';
import { openTls } from '../support/raw-tls.ts';
import { waitFor } from '../support/wait-for.ts';

const MIB = 1_048_576;

/** Reads one open connection slowly or not at all: a client that leaves the answer unread. */
async function openReader(port: number, ca: string): Promise<Awaited<ReturnType<typeof openTls>>> {
  const socket = await openTls({ port, ca });
  socket.pause();
  socket.write('GET /stream HTTP/1.1\r\nHost: a\r\n\r\n');
  return socket;
}

describe.each(ENGINES)('%s', (name) => {
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

  it('R21: whatever is begun after the client went away is harmless', async () => {
    let seen: Exchange | undefined;
    const { port, ca, faults } = await listen(name, (exchange) => {
      seen = exchange;
    });
    const client = await openReader(port, ca);
    const exchange = await waitFor('the request', () => seen);
    client.destroy();
    await waitFor('the end', () => exchange.closed);
    exchange.respond(200, {}, 'late');
    const stream = exchange.stream(200, {});
    stream.write('late');
    stream.end();
    exchange.drop();
    await expect(exchange.body(1)).rejects.toThrow();
    expect({ closed: stream.closed, faults }).toEqual({ closed: true, faults: [] });
  });
});
