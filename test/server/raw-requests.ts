/**
 * Raw requests and what each engine must do with them, for R12, R13, R15, R16, R17 and R22. `HOST` stands for the
 * listener's own `127.0.0.1:port`. `drop` is a connection closed without an answer.
 */
export interface RawCase {
  name: string;
  raw: string;
  /** The status of the first answer, the same on both engines or one for each. */
  expect: Outcome | { uws: Outcome; https: Outcome };
}

type Outcome = number | 'drop';

const SMUGGLED = 'GET /smug HTTP/1.1\r\nHost: HOST\r\n\r\n';

function request(line: string, ...headers: string[]): string {
  return [line, 'Host: HOST', ...headers, '', ''].join('\r\n');
}

const get = (...headers: string[]): string => request('GET /mcp HTTP/1.1', ...headers);
const post = (...headers: string[]): string => request('POST /mcp HTTP/1.1', ...headers);

/** R15: behind each of them stands a `GET /smug` in the same segment, which must never run. */
export const FRAMING: RawCase[] = [
  {
    name: 'two lengths',
    raw: post('Content-Length: 0', 'Content-Length: 5'),
    expect: { uws: 'drop', https: 400 },
  },
  {
    name: 'two equal lengths',
    raw: post('Content-Length: 0', 'Content-Length: 0'),
    expect: { uws: 'drop', https: 400 },
  },
  {
    name: 'length and encoding',
    raw: `${post('Content-Length: 5', 'Transfer-Encoding: chunked')}0\r\n\r\n`,
    expect: 400,
  },
  {
    name: 'an unknown encoding',
    raw: `${post('Transfer-Encoding: xchunked')}0\r\n\r\n`,
    expect: 'drop',
  },
  {
    name: 'gzip, chunked',
    raw: `${post('Transfer-Encoding: gzip, chunked')}0\r\n\r\n`,
    expect: 'drop',
  },
  {
    name: 'two encodings',
    raw: `${post('Transfer-Encoding: chunked', 'Transfer-Encoding: chunked')}0\r\n\r\n`,
    expect: { uws: 'drop', https: 400 },
  },
  { name: 'GET with chunks', raw: `${get('Transfer-Encoding: chunked')}0\r\n\r\n`, expect: 'drop' },
  { name: 'GET with a length', raw: `${get('Content-Length: 4')}abcd`, expect: 'drop' },
  {
    name: 'DELETE with a length',
    raw: `${request('DELETE /mcp HTTP/1.1', 'Content-Length: 4')}abcd`,
    expect: 'drop',
  },
  {
    name: 'HEAD with a length',
    raw: `${request('HEAD /mcp HTTP/1.1', 'Content-Length: 4')}abcd`,
    expect: 'drop',
  },
  { name: 'length +3', raw: `${post('Content-Length: +3')}abc`, expect: { uws: 'drop', https: 400 } },
  { name: 'length -1', raw: post('Content-Length: -1'), expect: { uws: 'drop', https: 400 } },
  { name: 'length 0x3', raw: `${post('Content-Length: 0x3')}abc`, expect: { uws: 'drop', https: 400 } },
  { name: 'length 3,3', raw: `${post('Content-Length: 3,3')}abc`, expect: { uws: 'drop', https: 400 } },
  {
    name: 'a length past 2^64',
    raw: post('Content-Length: 99999999999999999999999'),
    expect: { uws: 'drop', https: 400 },
  },
].map((row) => ({ ...row, raw: row.raw + SMUGGLED }) as RawCase);

/** R15, the others: a header that must be single comes twice. */
export const REPEATED: RawCase[] = [
  'Authorization: Bearer a',
  'Content-Type: text/plain',
  'Mcp-Session-Id: a',
  'MCP-Protocol-Version: 2025-11-25',
  'Mcp-Method: a',
  'Mcp-Name: a',
].map((header) => ({ name: header, raw: get(header, header), expect: 400 }));

/** R16: what a parser must not accept. */
export const MALFORMED: RawCase[] = [
  { name: 'no Host', raw: 'GET /mcp HTTP/1.1\r\nX-A: b\r\n\r\n', expect: 400 },
  { name: 'two Hosts', raw: get('Host: HOST'), expect: 400 },
  { name: 'HTTP/1.0', raw: 'GET /mcp HTTP/1.0\r\nHost: HOST\r\n\r\n', expect: 505 },
  {
    name: 'absolute form',
    raw: request('GET https://HOST/mcp HTTP/1.1'),
    expect: { uws: 505, https: 400 },
  },
  { name: 'asterisk form', raw: request('OPTIONS * HTTP/1.1'), expect: { uws: 505, https: 400 } },
  { name: 'bare LF', raw: 'GET /mcp HTTP/1.1\nHost: HOST\n\n', expect: { uws: 505, https: 400 } },
  { name: 'NUL in the path', raw: request('GET /m\0cp HTTP/1.1'), expect: { uws: 505, https: 400 } },
  { name: 'non-ASCII path', raw: request('GET /m\xe9cp HTTP/1.1'), expect: 400 },
  { name: 'non-ASCII query', raw: request('GET /mcp?\xff HTTP/1.1'), expect: 400 },
  { name: 'CONNECT', raw: request('CONNECT HOST HTTP/1.1'), expect: { uws: 505, https: 'drop' } },
  { name: 'a negative chunk', raw: `${post('Transfer-Encoding: chunked')}-1\r\nab\r\n`, expect: 400 },
  {
    name: 'an endless chunk size',
    raw: `${post('Transfer-Encoding: chunked')}fffffffffffffffff\r\nab\r\n`,
    expect: 400,
  },
];

/** R22: nothing but the exact path and method reaches a route. */
export const ROUTING: RawCase[] = [
  ...['//mcp', '/mcp/', '/MCP', '/%6dcp', '/mcp/../oauth/jwks', '/mcp;x', '/mcp#x', '/mcp%00'].map(
    (path): RawCase => ({ name: path, raw: request(`GET ${path} HTTP/1.1`), expect: 404 }),
  ),
  { name: 'OPTIONS', raw: request('OPTIONS /mcp HTTP/1.1'), expect: 405 },
  { name: 'TRACE', raw: request('TRACE /mcp HTTP/1.1'), expect: 405 },
  { name: 'PUT', raw: request('PUT /mcp HTTP/1.1'), expect: 405 },
  { name: 'FOO', raw: request('FOO /mcp HTTP/1.1'), expect: { uws: 405, https: 400 } },
  { name: 'lower-case get', raw: request('get /mcp HTTP/1.1'), expect: { uws: 405, https: 400 } },
  {
    name: 'an upgrade to websocket is a plain GET',
    raw: get(
      'Upgrade: websocket',
      'Connection: Upgrade',
      'Sec-WebSocket-Key: x3JJHMbDL1EzLkh9GBhXDw==',
      'Sec-WebSocket-Version: 13',
    ),
    expect: 200,
  },
];

/** R12, sent as the only Host; `PORT` stands for the listener's. */
export const FOREIGN_HOSTS = [
  'evil.com',
  'evil.com:PORT',
  '',
  'a@127.0.0.1:PORT',
  '127.0.0.1:PORT@evil',
  'localhost.:PORT',
  '127.1:PORT',
  '0.0.0.0:PORT',
  '127.0.0.1',
  'localhost:1',
  'localhost.evil.com:PORT',
  '[::1]:PORT',
];

/** R13: refused wherever it is sent. */
export const FOREIGN_ORIGINS = [
  'null',
  'https://evil.com',
  'https://127.0.0.1.evil.com:PORT',
  'https://localhost:PORT.evil.com',
  'https://localhost@evil.com',
  'file://',
  'chrome-extension://x',
  'http://localhost:1/',
  '',
];
