import { checkEcho, echo, INITIALIZED, initialize, SESSION_VERSION, STATELESS } from './messages.mjs';
import { createWire } from './wire.mjs';

/** The message in an answer: JSON, or the last event of a stream. */
function parseMessage({ headers, body }) {
  if (!headers['content-type']?.startsWith('text/event-stream')) return JSON.parse(body);
  const data = body.split('\n').filter((line) => line.startsWith('data: {'));
  return JSON.parse(data.at(-1).slice('data: '.length));
}

/** Sends JSON-RPC; rejects unless the answer is a success. */
function createSender({ url, ca, headers }) {
  const wire = createWire({ url, ca });
  const common = {
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
    ...headers,
  };
  async function send(method, message, more) {
    const answer = await wire.request(method, { ...common, ...more }, message ? JSON.stringify(message) : '');
    if (answer.status < 300) return answer;
    throw new Error(`${url} answered ${answer.status}: ${answer.body}`);
  }
  return { send, close: wire.close };
}

/** Calls the tool again and again; each call resolves with its milliseconds. */
function createCaller({ send, close }, headers, meta) {
  let lastId = 0;
  return {
    async call() {
      const id = ++lastId;
      const startedMs = performance.now();
      const answer = await send('POST', echo(id, meta), headers);
      const ms = performance.now() - startedMs;
      checkEcho(id, parseMessage(answer));
      return ms;
    },
    /** Goes without a word, as most clients do. A session stays, and its next call connects again. */
    close,
  };
}

/** A client of 2025-11-25, initialized. */
export async function openSession(where) {
  const sender = createSender(where);
  const { headers } = await sender.send('POST', initialize(0));
  const session = { 'mcp-session-id': headers['mcp-session-id'], 'mcp-protocol-version': SESSION_VERSION };
  await sender.send('POST', INITIALIZED, session);
  return {
    ...createCaller(sender, session),
    /** Ends the session. */
    async end() {
      await sender.send('DELETE', undefined, session);
      sender.close();
    },
  };
}

/** A client of 2026-07-28, which needs no beginning. */
export const openStateless = async (where) =>
  createCaller(
    createSender(where),
    { 'mcp-protocol-version': STATELESS.version, 'mcp-method': 'tools/call', 'mcp-name': 'echo' },
    STATELESS.meta,
  );
