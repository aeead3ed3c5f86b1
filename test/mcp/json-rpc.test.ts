import { describe, expect, it } from 'vitest';
import { parseBody } from '../../src/mcp/json-rpc.ts';

const PARSE = -32_700;
const INVALID = -32_600;
const request = (id: string): string => `{"jsonrpc":"2.0","id":${id},"method":"ping"}`;
const batch = (count: number): string => `[${Array(count).fill(request('1')).join()}]`;
const nested = (depth: number): string =>
  `{"jsonrpc":"2.0","id":1,"method":"x","params":{"a":${'['.repeat(depth)}${']'.repeat(depth)}}}`;

describe('parseBody', () => {
  it.each([
    ['nothing', '', PARSE],
    ['half a message', '{"jsonrpc":"2.0"', PARSE],
    ['a byte order mark', `\ufeff${request('1')}`, PARSE],
    ['bytes that are not UTF-8', Buffer.from([0x22, 0xff, 0x22]), PARSE],
    ['an overlong encoding of a quote', Buffer.from([0x22, 0xc0, 0xa2, 0x22]), PARSE],
    ['an empty batch', '[]', INVALID],
    ['a batch of nothing', '[1]', INVALID],
    ['a batch in a batch', `[${batch(1)}]`, INVALID],
    ['a batch past the cap', batch(33), INVALID],
    ['a string', '"ping"', INVALID],
    ['null', 'null', INVALID],
    ['an id of null', request('null'), INVALID],
    ['an id that is an object', request('{}'), INVALID],
    ['an infinite id', request('1e400'), INVALID],
    ['a fractional id', request('1.5'), INVALID],
    ['an id past the safe integers', request('9007199254740993'), INVALID],
    ['a boolean id', request('true'), INVALID],
    ['JSON-RPC 1.0', '{"id":1,"method":"ping"}', INVALID],
    ['a method that is a number', '{"jsonrpc":"2.0","id":1,"method":1}', INVALID],
    ['params that are an array', '{"jsonrpc":"2.0","id":1,"method":"x","params":[]}', INVALID],
    ['neither method nor result', '{"jsonrpc":"2.0","id":1}', INVALID],
    ['65 levels', nested(63), INVALID],
    ['10,000 levels', nested(10_000), INVALID],
    ['a million levels, never closed', '['.repeat(1_000_000), INVALID],
  ])('R49: refuses %s', (_what, body, code) => {
    expect(parseBody(Buffer.from(body as string))).toMatchObject({ jsonrpc: '2.0', error: { code } });
  });

  it('R49: an error names the id where it can be read, and has none otherwise', () => {
    expect(parseBody(Buffer.from('{"jsonrpc":"2.0","id":"a","method":1}'))).toMatchObject({ id: 'a' });
    expect(parseBody(Buffer.from(request('null')))).not.toHaveProperty('id');
  });

  it('R49: brackets and escaped quotes inside strings are text, not depth', () => {
    const text = `${'['.repeat(500)}\\"${'{'.repeat(500)}\\\\`;
    const body = `{"jsonrpc":"2.0","id":1,"method":"x","params":{"text":"${text}"}}`;
    expect(parseBody(Buffer.from(body))).toMatchObject({ messages: [{ id: 1 }] });
    expect(parseBody(Buffer.from(nested(62)))).toMatchObject({ messages: [{ id: 1 }] });
  });

  it('R49: __proto__ and constructor in params reach no prototype', () => {
    const body = '{"jsonrpc":"2.0","id":1,"method":"x","params":{"__proto__":{"a":1},"constructor":{"b":1}}}';
    parseBody(Buffer.from(body));
    expect(({} as { a?: unknown }).a).toBeUndefined();
    expect(Object.keys(Object.prototype)).toEqual([]);
  });

  it('takes requests, notifications, responses and batches of them', () => {
    const messages = [
      { jsonrpc: '2.0', id: 0, method: 'a', params: {} },
      { jsonrpc: '2.0', method: 'b' },
      { jsonrpc: '2.0', id: 'x', result: null },
      { jsonrpc: '2.0', id: 'x', error: { code: 1, message: '' } },
    ];
    expect(parseBody(Buffer.from(JSON.stringify(messages)))).toEqual({ messages, isBatch: true });
    expect(parseBody(Buffer.from(batch(32)))).toMatchObject({ isBatch: true });
  });
});
