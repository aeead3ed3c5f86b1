import { describe, expect, it } from 'vitest';
import { parseBody } from '../../src/mcp/json-rpc.ts';

const request = (id: string): string => `{"jsonrpc":"2.0","id":${id},"method":"ping"}`;
const batch = (count: number): string => `[${Array(count).fill(request('1')).join()}]`;
const nested = (depth: number): string =>
  `{"jsonrpc":"2.0","id":1,"method":"x","params":{"a":${'['.repeat(depth)}${']'.repeat(depth)}}}`;

describe('parseBody', () => {
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
