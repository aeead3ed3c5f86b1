import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createLineReader } from '../../../src/mcp/stdio/line-reader.ts';
import { createMessageReader } from '../../../src/mcp/stdio/message-reader.ts';

const MAX_BYTES = 16;

/** What a reader gives out for the bytes cut at these places. */
function read(bytes: Buffer, cuts: readonly number[]): string[] {
  const seen: string[] = [];
  const reader = createLineReader({
    maxBytes: MAX_BYTES,
    onLine: (line) => seen.push(`line ${line.toString('hex')}`),
    onLongLine: (beginning) => seen.push(`long ${beginning.toString('hex')}`),
  });
  const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length].sort((a, b) => a - b);
  places.forEach((place, index) => {
    // A copy, so that whoever keeps the chunk and not its bytes is found out.
    const chunk = Buffer.from(bytes.subarray(place, places[index + 1] ?? place));
    reader.write(chunk);
    chunk.fill(0);
  });
  reader.end();
  return seen;
}

describe('lines and messages', () => {
  it('are the same however the stream is cut', () => {
    const piece = fc.constantFrom('a', 'ü', '\n', '\r\n', '\r', 'x'.repeat(7), 'x'.repeat(MAX_BYTES), '');
    fc.assert(
      fc.property(fc.array(piece), fc.array(fc.nat()), (pieces, cuts) => {
        const bytes = Buffer.from(pieces.join(''));
        const lines = bytes.toString('latin1').split('\n');
        const last = lines.pop();
        const expected = [...lines, ...(last ? [last] : [])].map((line) =>
          line.length > MAX_BYTES
            ? `long ${Buffer.from(line.slice(0, MAX_BYTES), 'latin1').toString('hex')}`
            : `line ${Buffer.from(line.replace(/\r$/, ''), 'latin1').toString('hex')}`,
        );
        expect(read(bytes, cuts)).toEqual(expected);
      }),
    );
  });

  it('R54: are the same messages and the same noise for any bytes, cut anywhere, and nothing throws', () => {
    const message = fc.oneof(
      fc.jsonValue().map((result) => JSON.stringify({ jsonrpc: '2.0', id: 1, result })),
      fc.json(),
      fc.string(),
    );
    fc.assert(
      fc.property(fc.array(message), fc.uint8Array(), fc.array(fc.nat()), (lines, binary, cuts) => {
        const bytes = Buffer.concat([Buffer.from(lines.map((line) => `${line}\n`).join('')), binary]);
        const readAll = (chunks: readonly Buffer[]): string[] => {
          const seen: string[] = [];
          const write = createMessageReader({
            onMessage: (...details) => seen.push(JSON.stringify(details)),
            onNoise: () => seen.push('noise'),
            onFlood: () => seen.push('flood'),
            onLongLine: () => seen.push('long'),
          });
          for (const chunk of chunks) write(chunk);
          return seen;
        };
        const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length].sort(
          (a, b) => a - b,
        );
        const chunks = places.map((place, index) => bytes.subarray(place, places[index + 1] ?? place));
        expect(readAll(chunks)).toEqual(readAll([bytes]));
      }),
    );
  });

  it('R54: a line that comes byte by byte is held in one buffer', () => {
    let length = 0;
    const reader = createLineReader({
      maxBytes: 1_048_576,
      onLine: (line) => {
        length = line.length;
      },
      onLongLine: () => undefined,
    });
    const before = process.memoryUsage().rss;
    for (let index = 0; index < 1_048_576; index++) reader.write(Buffer.from('x'));
    reader.end();
    expect(length).toBe(1_048_576);
    expect(process.memoryUsage().rss - before).toBeLessThan(64 * 1_048_576);
  });
});
