import { describe, expect, it } from 'vitest';
import { limits } from '../../../src/limits.ts';
import { waitFor } from '../../support/wait-for.ts';
import { start } from './start.ts';

const MIB = 1_048_576;
const message = (id: number, text: string) =>
  ({ jsonrpc: '2.0', id, method: 'x', params: { text } }) as const;

describe('what a server says', () => {
  it('comes back for what it was sent, with the length of both', async () => {
    const { connection, received, result } = await start(['echo']);
    const sent = connection.send(message(7, 'ü\u2028\n'));
    expect(await result(7)).toEqual({ text: 'ü\u2028\n' });
    expect(sent).toBe(Buffer.byteLength(JSON.stringify(message(7, 'ü\u2028\n'))));
    expect(received[0]?.details.bytes).toBe(Buffer.byteLength(JSON.stringify(received[0]?.message)));
  });

  it('R54: binary, text and half messages are counted and ignored; CRLF and batches are understood', async () => {
    const { connection, received, log, result } = await start(['noise']);
    expect(await result(1)).toBe('crlf');
    connection.send(message(3, 'still there'));
    await result(3);
    expect(received.map(({ message }) => message)).toEqual([
      { jsonrpc: '2.0', id: 1, result: 'crlf' },
      { jsonrpc: '2.0', id: 2, result: 'a' },
      { jsonrpc: '2.0', method: 'notifications/b' },
      { jsonrpc: '2.0', id: 3, result: { text: 'still there' } },
    ]);
    expect(received[1]?.details.bytes).toBe(Buffer.byteLength(JSON.stringify(received[1]?.message)));
    await connection.close();
    await waitFor('the count', () => log.length > 0);
    expect(log).toEqual([{ event: 'upstream.noise', upstream: 'fixture', count: 9 }]);
  });

  it('is whole though its characters come byte by byte', async () => {
    const { result } = await start(['utf8']);
    expect(await result(1)).toBe('ü日本𝄞');
  });

  it('R54: a line of 8 MiB passes', async () => {
    const { result, ended } = await start(['long-line', String(8 * MIB - 100)]);
    expect(await result(2)).toBe('after');
    expect(await result(1)).toHaveLength(8 * MIB - 100);
    expect(ended).toEqual([]);
  });

  it('R54: a longer one ends the server, and nothing after it counts', async () => {
    const { ended, received } = await start(['long-line', String(8 * MIB)]);
    await waitFor('the end', () => ended.length > 0);
    expect(ended).toEqual(['sent a line of more than 8 MiB']);
    expect(received).toEqual([]);
  });

  it('R54: a line of 1 GB that never ends costs some times 8 MiB of memory and ends the server', async () => {
    const before = process.memoryUsage().rss;
    let peak = before;
    const { ended, pid } = await start(['endless-line', '1024']);
    await waitFor('the end', () => {
      peak = Math.max(peak, process.memoryUsage().rss);
      return ended.length > 0;
    });
    expect(ended).toEqual(['sent a line of more than 8 MiB']);
    expect(() => process.kill(pid, 0)).toThrow();
    expect((peak - before) / MIB).toBeLessThan(64);
  });

  it('R54: of 100,000 notifications those past the limit are dropped and counted, responses and requests are not', async () => {
    const { connection, received, log, result } = await start(['flood', '100000']);
    expect(await result(1)).toBe('response');
    await waitFor('the request', () => received.some(({ message }) => 'id' in message && message.id === 2));
    const notifications = received.filter(({ message }) => !('id' in message)).length;
    expect(notifications).toBeGreaterThanOrEqual(limits.upstreamFloodPerSecond);
    expect(notifications).toBeLessThan(100_000);
    await connection.close();
    await waitFor('the count', () => log.length > 0);
    expect(log).toEqual([
      { event: 'upstream.flood.dropped', upstream: 'fixture', count: 100_000 - notifications },
    ]);
  });

  it('R54: of 100,000 requests those past the limit are dropped and counted, responses and notifications are not', async () => {
    const { connection, received, log, result } = await start(['flood-of-requests', '100000']);
    expect(await result(1)).toBe('response');
    await waitFor('the notification', () => received.some(({ message }) => !('id' in message)));
    const requests = received.filter(({ message }) => 'id' in message && 'method' in message).length;
    expect(requests).toBeGreaterThanOrEqual(limits.upstreamFloodPerSecond);
    expect(requests).toBeLessThan(100_000);
    await connection.close();
    await waitFor('the count', () => log.length > 0);
    expect(log).toEqual([
      { event: 'upstream.flood.dropped', upstream: 'fixture', count: 100_000 - requests },
    ]);
  });
});

describe('what a server is told', () => {
  it('R54: one that never reads is ended once 16 MiB wait for it', async () => {
    const { connection, ended, result } = await start(['deaf']);
    await result(1);
    const text = 'x'.repeat(MIB);
    for (let sent = 0; sent < 7; sent++) connection.send(message(sent, text));
    expect(connection.isFull()).toBe(false);
    for (let sent = 0; sent < 9; sent++) connection.send(message(sent, text));
    expect([connection.isFull(), ended]).toEqual([true, []]);
    for (let sent = 0; sent < 2; sent++) connection.send(message(sent, text));
    await waitFor('the end', () => ended.length > 0);
    expect(ended).toEqual(['does not read its input']);
  });

  it('a broken pipe is no crash of ours, and one who closed its end is ended', async () => {
    const { connection, ended, result } = await start(['closes-input']);
    await result(1);
    await waitFor('the end', () => {
      connection.send(message(1, 'x'));
      return ended.length > 0;
    });
    expect(ended).toEqual(['closed its input']);
    expect(connection.send(message(1, 'x'))).toBeGreaterThan(0);
  });

  it('R54: a server that closed its output can answer nothing, and is ended', async () => {
    const { ended } = await start(['closes-output']);
    await waitFor('the end', () => ended.length > 0);
    expect(ended).toEqual(['closed its output']);
  });
});
