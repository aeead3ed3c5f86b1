import { describe, expect, it } from 'vitest';
import { type Handler, respondJson } from '../../src/exchange.ts';
import { createGate } from '../../src/server/gates.ts';
import { createRouter } from '../../src/server/router.ts';
import { ENGINES, type EngineName, type Listening, listen } from '../support/listen.ts';
import { type RawAnswer, sendRaw } from '../support/raw-tls.ts';
import {
  FOREIGN_HOSTS,
  FOREIGN_ORIGINS,
  FRAMING,
  MALFORMED,
  type RawCase,
  REPEATED,
  ROUTING,
} from './raw-requests.ts';

interface Gated extends Listening {
  /** Paths of the requests that reached a route. */
  reached: string[];
  /** What the gate wrote to the log. */
  audited: string[];
  send(raw: string): Promise<RawAnswer>;
}

async function listenGated(name: EngineName): Promise<Gated> {
  const reached: string[] = [];
  const audited: string[] = [];
  const answer: Handler = async (exchange) => {
    await exchange.body(1_000);
    reached.push(exchange.path);
    respondJson(exchange, 200, { path: exchange.path });
  };
  const route = createRouter({
    '/mcp': { GET: answer, POST: answer, DELETE: answer },
    '/oauth/authorize': { GET: answer },
    '/control/status': { POST: answer },
    '/smug': { GET: answer },
  });
  let pass = (_: Parameters<Handler>[0]): boolean => false;
  const listening = await listen(name, (exchange) => (pass(exchange) ? route(exchange) : undefined));
  const { port, ca } = listening;
  pass = createGate({
    hosts: [`127.0.0.1:${port}`, `localhost:${port}`],
    logRefusal: (event, { host, origin }) => audited.push(`${event} ${host} ${origin}`),
  });
  const send = (raw: string): Promise<RawAnswer> =>
    sendRaw({ port, ca, quietMs: 300, answers: 1, bytes: raw.replaceAll(/\bHOST\b/g, `127.0.0.1:${port}`) });
  return { ...listening, reached, audited, send };
}

const GET = 'GET /mcp HTTP/1.1\r\nHost: HOST\r\n\r\n';

async function expectOutcome(
  name: EngineName,
  gated: Gated,
  { raw, expect: expected }: RawCase,
): Promise<void> {
  const outcome = typeof expected === 'object' ? expected[name] : expected;
  const { text, statuses } = await gated.send(raw);
  if (outcome === 'drop') expect(text).toBe('');
  else expect(statuses[0]).toBe(outcome);
  expect(text).not.toMatch(/access-control-|set-cookie/i);
}

describe.each(ENGINES)('%s', (name) => {
  it.each(FRAMING)('R15: $name is cut, and nothing behind it runs', async (row) => {
    const gated = await listenGated(name);
    await expectOutcome(name, gated, row);
    expect(gated.reached).toEqual([]);
    expect((await gated.send(GET)).statuses).toEqual([200]);
  });

  it('R15: a header of which two values could be believed is refused when it comes twice', async () => {
    const gated = await listenGated(name);
    for (const row of REPEATED) await expectOutcome(name, gated, row);
    expect(gated.reached).toEqual([]);
  });

  it.each(MALFORMED)('R16: $name never reaches a route', async (row) => {
    const gated = await listenGated(name);
    await expectOutcome(name, gated, row);
    expect(gated.reached).toEqual([]);
    expect((await gated.send(GET)).statuses).toEqual([200]);
  });

  it.each(ROUTING)('R22: $name', async (row) => {
    const gated = await listenGated(name);
    await expectOutcome(name, gated, row);
  });

  it('R22: a 405 names the methods, and a HEAD answer has the length but no body', async () => {
    const { send } = await listenGated(name);
    expect((await send('PUT /mcp HTTP/1.1\r\nHost: HOST\r\n\r\n')).text).toMatch(
      /^allow: GET, POST, DELETE, HEAD\r$/im,
    );
    const { text } = await send('HEAD /mcp HTTP/1.1\r\nHost: HOST\r\n\r\n');
    expect(text).toMatch(/^content-length: 15\r$/im);
    expect(text).toMatch(/\r\n\r\n$/);
  });

  it('R12: any other Host gets the same 403 and reaches nothing', async () => {
    const { send, port, reached } = await listenGated(name);
    for (const host of FOREIGN_HOSTS) {
      const { statuses, text } = await send(
        `GET /mcp HTTP/1.1\r\nHost: ${host.replaceAll('PORT', String(port))}\r\n\r\n`,
      );
      // An empty Host is one for node:https and none for uWebSockets.js.
      expect({ host, status: statuses[0] }).toEqual({
        host,
        status: host ? 403 : expect.toBeOneOf([400, 403]),
      });
      if (host) expect(text).toMatch(/\{"error":"forbidden"\}$/);
    }
    expect(reached).toEqual([]);
  });

  it('R56: a foreign Host or Origin is audited by its name', async () => {
    const { send, port, audited } = await listenGated(name);
    await send('GET /mcp HTTP/1.1\r\nHost: rebound.example\r\n\r\n');
    await send('GET /mcp HTTP/1.1\r\nHost: HOST\r\nOrigin: https://evil.example\r\n\r\n');
    await send(GET);
    expect(audited).toEqual([
      'gate.refused rebound.example undefined',
      `gate.refused 127.0.0.1:${port} https://evil.example`,
    ]);
  });

  it('R12: the allowed names pass in any case', async () => {
    const { send, port } = await listenGated(name);
    for (const host of [`LOCALHOST:${port}`, `localhost:${port}`, `127.0.0.1:${port}`]) {
      expect((await send(`GET /mcp HTTP/1.1\r\nHost: ${host}\r\n\r\n`)).statuses).toEqual([200]);
    }
  });

  it.each(['GET /mcp', 'POST /mcp', 'OPTIONS /mcp', 'GET /oauth/authorize', 'GET /nowhere'])(
    'R13: %s with a foreign Origin gets 403',
    async (line) => {
      const { send, port, reached } = await listenGated(name);
      for (const origin of FOREIGN_ORIGINS) {
        const named = origin.replaceAll('PORT', String(port));
        const { statuses } = await send(`${line} HTTP/1.1\r\nHost: HOST\r\nOrigin: ${named}\r\n\r\n`);
        expect({ origin, statuses }).toEqual({ origin, statuses: [403] });
      }
      const twice = `Origin: https://HOST\r\nOrigin: https://HOST\r\n`;
      expect((await send(`${line} HTTP/1.1\r\nHost: HOST\r\n${twice}\r\n`)).statuses).toEqual([403]);
      expect(reached).toEqual([]);
    },
  );

  it.each([
    ['GET /mcp', 'https://HOST', 200],
    ['GET /mcp', 'http://localhost:5173', 200],
    ['GET /mcp', 'https://[::1]', 200],
    ['GET /oauth/authorize', 'https://HOST', 200],
    ['GET /oauth/authorize', 'http://localhost:5173', 403],
    ['GET /oauth/authorize', 'http://HOST', 403],
    ['POST /control/status', 'https://HOST', 403],
  ])('R13: %s from %s gets %i', async (line, origin, status) => {
    const { send } = await listenGated(name);
    const { statuses } = await send(`${line} HTTP/1.1\r\nHost: HOST\r\nOrigin: ${origin}\r\n\r\n`);
    expect(statuses).toEqual([status]);
  });

  it('R17: 15 KB of headers pass and 17 KB do not, wherever the bytes are split', async () => {
    const { send, port, ca } = await listenGated(name);
    for (const [size, status] of [
      [15_000, 200],
      [17_000, 431],
    ] as const) {
      const raw = `GET /mcp HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nX-Big: ${'a'.repeat(size)}\r\n\r\n`;
      expect((await send(raw)).statuses).toEqual([status]);
      for (const index of [1, 17, 40, 4_096, 8_192, size, raw.length - 3, raw.length - 1]) {
        const { statuses } = await sendRaw({
          port,
          ca,
          answers: 1,
          bytes: [raw.slice(0, index), raw.slice(index)],
        });
        expect({ size, index, statuses }).toEqual({ size, index, statuses: [status] });
      }
    }
  });

  it('R17: an authorize URL of 8 KB passes', async () => {
    const { send } = await listenGated(name);
    const raw = `GET /oauth/authorize?state=${'a'.repeat(8_192)} HTTP/1.1\r\nHost: HOST\r\n\r\n`;
    expect((await send(raw)).statuses).toEqual([200]);
  });

  it('R17: 101 headers never reach a route', async () => {
    const { send, reached } = await listenGated(name);
    const { statuses } = await send(`GET /mcp HTTP/1.1\r\nHost: HOST\r\n${'X-A: b\r\n'.repeat(100)}\r\n`);
    // uWebSockets.js 20.30 gives no answer at all and closes after 10 s.
    expect(statuses).toEqual(name === 'https' ? [431] : []);
    expect(reached).toEqual([]);
  });
});
