import { connect as connectTcp } from 'node:net';
import { connect as connectTls } from 'node:tls';

const HEAD_END = '\r\n\r\n';

/** Splits a head into its status and its headers, whose names become lower case. */
function parseHead(text) {
  const [first, ...lines] = text.split('\r\n');
  const headers = {};
  for (const line of lines) {
    const colon = line.indexOf(':');
    headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim();
  }
  return { status: Number(first.split(' ')[1]), headers };
}

/** The body of a chunked answer; undefined until all of it is there. */
function joinChunks(text) {
  let body = '';
  for (let at = 0; ; ) {
    const lineEnd = text.indexOf('\r\n', at);
    if (lineEnd < 0) return undefined;
    const size = Number.parseInt(text.slice(at, lineEnd), 16);
    const end = lineEnd + 2 + size;
    if (text.length < end + 2) return undefined;
    if (size === 0) return body;
    body += text.slice(lineEnd + 2, end);
    at = end + 2;
  }
}

/** The answer at the beginning of the text; undefined until all of it is there. */
function parseAnswer(text) {
  const headEnd = text.indexOf(HEAD_END);
  if (headEnd < 0) return undefined;
  const head = parseHead(text.slice(0, headEnd));
  const rest = text.slice(headEnd + HEAD_END.length);
  if (head.headers['transfer-encoding'] === 'chunked') {
    const body = joinChunks(rest);
    return body === undefined ? undefined : { ...head, body };
  }
  const length = Number(head.headers['content-length'] ?? 0);
  return rest.length < length ? undefined : { ...head, body: rest.slice(0, length) };
}

/**
 * One kept connection that takes one request at a time. `node:https` would take as much CPU for a call as our daemon
 * does, and on two cores that would be most of what is measured.
 */
export function createWire({ url, ca }) {
  const { protocol, hostname, port, host, pathname } = new URL(url);
  let socket;
  let waiting;
  let received = '';

  function open() {
    const connect = protocol === 'https:' ? connectTls : connectTcp;
    const opened = connect({ host: hostname, port: Number(port), ca });
    opened.setNoDelay(true).setEncoding('latin1');
    opened.on('data', (text) => {
      received += text;
      const answer = parseAnswer(received);
      if (!answer) return;
      received = '';
      waiting?.resolve(answer);
      waiting = undefined;
    });
    opened
      .on('error', () => {})
      .on('close', () => {
        if (socket !== opened) return;
        socket = undefined;
        waiting?.reject(new Error(`${url} closed the connection`));
      });
    return opened;
  }

  return {
    request(method, headers, body) {
      socket ??= open();
      const lines = Object.entries({ host, ...headers, 'content-length': Buffer.byteLength(body) });
      const head = lines.map(([name, value]) => `${name}: ${value}`).join('\r\n');
      return new Promise((resolve, reject) => {
        waiting = { resolve, reject };
        socket.write(`${method} ${pathname} HTTP/1.1\r\n${head}${HEAD_END}${body}`);
      });
    },
    /** The next request opens another connection. */
    close() {
      socket?.destroy();
      socket = undefined;
    },
  };
}
