/** What parsers stumble over. */
const WORDS = [
  '\r\n',
  '\n',
  '\r',
  '\0',
  ' ',
  '\t',
  ':',
  '\r\n\r\n',
  '\r\n ',
  '0\r\n\r\n',
  'ffffffffffffffff\r\n',
  'Host: HOST\r\n',
  'Host: evil.com\r\n',
  'Transfer-Encoding: chunked\r\n',
  'Content-Length: 0\r\n',
  'Content-Length: 99999999999\r\n',
  'Connection: close\r\n',
  'Expect: 100-continue\r\n',
  'Upgrade: websocket\r\nConnection: Upgrade\r\n',
  'Origin: null\r\n',
  'Authorization: Bearer x\r\n',
  'GET /health HTTP/1.1\r\nHost: HOST\r\n\r\n',
  'HTTP/1.0',
  '-1',
  '18446744073709551616',
  '%00',
  '%0d%0a',
  '%c0%af',
  '../',
  '[[[[[[[[',
  '{"__proto__":1}',
  '"\\ud800"',
  '\xff\xfe',
  '\xe2\x80\xae',
  'a'.repeat(300),
  'X-A: b\r\n'.repeat(40),
];

type Random = () => number;
type Edit = (bytes: string, random: Random, others: readonly string[]) => string;

const below = (random: Random, end: number): number => Math.floor(random() * end);
const pick = <T>(random: Random, values: readonly T[]): T => values[below(random, values.length)] as T;

const EDITS: readonly Edit[] = [
  function flipBit(bytes, random) {
    const at = below(random, bytes.length);
    const flipped = String.fromCharCode(bytes.charCodeAt(at) ^ (1 << below(random, 8)));
    return bytes.slice(0, at) + flipped + bytes.slice(at + 1);
  },
  function replaceByte(bytes, random) {
    const at = below(random, bytes.length);
    return bytes.slice(0, at) + String.fromCharCode(below(random, 256)) + bytes.slice(at + 1);
  },
  function insertWord(bytes, random) {
    const at = below(random, bytes.length + 1);
    return bytes.slice(0, at) + pick(random, WORDS) + bytes.slice(at);
  },
  function remove(bytes, random) {
    const at = below(random, bytes.length);
    return bytes.slice(0, at) + bytes.slice(at + 1 + below(random, 16));
  },
  function repeat(bytes, random) {
    const from = below(random, bytes.length);
    const part = bytes.slice(from, from + 1 + below(random, 64));
    return bytes.slice(0, from) + part.repeat(1 + below(random, 20)) + bytes.slice(from);
  },
  function repeatLine(bytes, random) {
    const lines = bytes.split('\r\n');
    const at = below(random, lines.length);
    return [...lines.slice(0, at), lines[at], ...lines.slice(at)].join('\r\n');
  },
  function swapLines(bytes, random) {
    const lines = bytes.split('\r\n');
    const [a, b] = [below(random, lines.length), below(random, lines.length)];
    [lines[a], lines[b]] = [lines[b]!, lines[a]!];
    return lines.join('\r\n');
  },
  function cut(bytes, random) {
    return bytes.slice(0, 1 + below(random, bytes.length));
  },
  function splice(bytes, random, others) {
    const other = pick(random, others);
    return bytes.slice(0, below(random, bytes.length)) + other.slice(below(random, other.length));
  },
  function pipeline(bytes, random, others) {
    return bytes + pick(random, others);
  },
];

/** One of the requests (as Latin-1), changed in one to four places: the same for the same random numbers. */
export function mutate(requests: readonly string[], random: Random): string {
  let bytes = pick(random, requests);
  for (let left = 1 + below(random, 4); left > 0 && bytes !== ''; left--) {
    bytes = pick(random, EDITS)(bytes, random, requests);
  }
  return bytes;
}
