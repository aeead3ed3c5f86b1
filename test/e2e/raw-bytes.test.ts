import { readFileSync } from 'node:fs';
import { beforeEach, describe, expect, it } from 'vitest';
import {
  FOREIGN_HOSTS,
  FOREIGN_ORIGINS,
  FRAMING,
  MALFORMED,
  REPEATED,
  ROUTING,
} from '../server/raw-requests.ts';
import type { Home } from '../support/home.ts';
import { ask, mintToken } from '../support/oauth-client.ts';
import { createProgramHome, type Daemon, readState, runProgram, startDaemon } from '../support/program.ts';
import { openTls, type RawAnswer, sendRaw } from '../support/raw-tls.ts';

const ROUTES = [
  '/mcp',
  '/mcp/sse',
  '/oauth/register',
  '/oauth/token',
  '/oauth/authorize',
  '/control/mint',
  '/health',
];
/** PROXY protocol, version 2: "this connection comes from 8.8.8.8:1, to 127.0.0.1:1". */
const PROXY_V2 = Buffer.from('0d0a0d0a000d0a515549540a2111000c080808087f00000100010001', 'hex');
const REGISTRATION = JSON.stringify({
  client_name: 'a client',
  redirect_uris: ['http://127.0.0.1:9/callback'],
  token_endpoint_auth_method: 'none',
});

describe.each(['uws', 'https'] as const)('raw bytes at the built daemon on %s', (engine) => {
  let home: Home;
  let daemon: Daemon;
  beforeEach(async () => {
    home = await createProgramHome({ CLAUDE_SECURE_ENGINE: engine });
    daemon = await startDaemon(home, { CLAUDE_SECURE_LOG: 'debug' });
  });

  const place = (text: string): string =>
    text
      .replaceAll(/\bHOST\b/g, `127.0.0.1:${daemon.state.port}`)
      .replaceAll(/\bPORT\b/g, String(daemon.state.port));
  const send = (raw: string | Uint8Array): Promise<RawAnswer> =>
    sendRaw({
      port: daemon.state.port,
      ca: daemon.ca,
      quietMs: 3_000,
      answers: 1,
      bytes: typeof raw === 'string' ? place(raw) : raw,
    });
  async function expectAlive(): Promise<void> {
    const { status, text } = await ask(home, { path: '/health' });
    expect({ status, pid: JSON.parse(text).pid }).toEqual({ status: 200, pid: daemon.state.pid });
    expect(readState(home)?.instanceId).toBe(daemon.state.instanceId);
  }

  it('R15, R16, R22: what a parser must not believe gets what the engine was measured to answer', async () => {
    // Bodies are read behind the bearer check, so bad chunks are left to the engines' own contract.
    const malformed = MALFORMED.filter(({ name }) => !name.includes('chunk'));
    const rows = [...FRAMING, ...malformed, ...REPEATED, ...ROUTING];
    const answers = await Promise.all(
      rows.map(async ({ name, raw, expect: outcome }) => {
        // Behind a request of unclear length stands one that would say who we are.
        const { text, statuses } = await send(raw.replaceAll('/smug', '/health'));
        expect(text, name).not.toMatch(/instanceId|set-cookie|access-control-/i);
        const expected = typeof outcome === 'object' ? outcome[engine] : outcome;
        return { name, got: text === '' ? 'drop' : statuses[0], expected: expected === 200 ? 401 : expected };
      }),
    );
    expect(answers.filter(({ got, expected }) => got !== expected)).toEqual([]);
    await expectAlive();
  });

  it('R12, R13: no foreign Host or Origin gets past the gate, on any route', async () => {
    const token = await mintToken(home);
    const credentials = `Authorization: Bearer ${token}\r\nX-Claude-Secure-Owner: ${readFileSync(home.paths.ownerSecret, 'utf8')}\r\n`;
    const attempts = ROUTES.flatMap((route) => [
      ...FOREIGN_HOSTS.map((host) => ({ route, host, origin: undefined })),
      ...FOREIGN_ORIGINS.map((origin) => ({ route, host: 'HOST', origin })),
    ]);
    for (const method of ['GET', 'POST']) {
      const statuses = await Promise.all(
        attempts.map(async ({ route, host, origin }) => {
          const from = origin === undefined ? '' : `Origin: ${origin}\r\n`;
          const head = `${method} ${route} HTTP/1.1\r\nHost: ${host}\r\n${from}${credentials}`;
          const {
            statuses: [status],
            text,
          } = await send(`${head}${method === 'POST' ? 'Content-Length: 0\r\n' : ''}\r\n`);
          expect(text).not.toMatch(/access-control-|set-cookie|mcp-session-id/i);
          return { route, host, origin, status };
        }),
      );
      const passed = statuses.filter(
        ({ host, status }) => status !== 403 && !(host === '' && status === 400),
      );
      expect(passed).toEqual([]);
    }
    await expectAlive();
  });

  it('R14: no header and no preamble of a proxy moves the issuer, the log’s peer or the rate limit', async () => {
    const forwarded = ['Host', 'Proto', 'For', 'Port', 'Server'].map(
      (name) => `X-Forwarded-${name}: 8.8.8.8`,
    );
    const lies = [...forwarded, 'Forwarded: for=8.8.8.8;host=evil.com;proto=http', 'X-Real-IP: 8.8.8.8'].join(
      '\r\n',
    );
    const head = (line: string): string => `${line} HTTP/1.1\r\nHost: HOST\r\n${lies}\r\n`;
    for (const path of [
      '/.well-known/oauth-authorization-server',
      '/.well-known/oauth-protected-resource/mcp',
    ]) {
      const { text, statuses } = await send(`${head(`GET ${path}`)}\r\n`);
      expect(statuses).toEqual([200]);
      expect(text).not.toMatch(/8\.8\.8\.8|evil|http:\/\//);
      expect(text).toContain(daemon.url);
    }
    const register = place(
      `${head('POST /oauth/register')}Content-Type: application/json\r\nContent-Length: ${REGISTRATION.length}\r\n\r\n${REGISTRATION}`,
    );
    const answers: RawAnswer[] = [];
    for (let count = 0; count < 21; count++) {
      const preamble = count % 2 === 0 ? Buffer.alloc(0) : PROXY_V2;
      answers.push(await send(Buffer.concat([preamble, Buffer.from(register)])));
    }
    for (let count = 0; count < 11; count++) answers.push(await send(register));
    const statuses = answers.map(({ statuses: [status] }) => status);
    expect(statuses.filter((status) => status === 201).length, statuses.join()).toBeLessThanOrEqual(20);
    expect(statuses.at(-1)).toBe(429);
    const log = readFileSync(home.paths.daemonLog, 'utf8');
    expect(log).toContain('"peer":"127.0.0.1"');
    expect(log).not.toContain('8.8.8.8');
    await expectAlive();
  });

  it('R20: no text of a client breaks a header line of an answer', async () => {
    const evil = encodeURIComponent('x\r\nSet-Cookie: evil=1\r\n\r\n\0\u001b\u0085\ud7ff');
    const registered = await ask(home, {
      path: '/oauth/register',
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: REGISTRATION,
    });
    const { client_id: id } = JSON.parse(registered.text);
    const client = `client_id=${id}&redirect_uri=${encodeURIComponent('http://127.0.0.1:9/callback')}`;
    for (const target of [
      `/oauth/authorize?${client}&response_type=token&state=${evil}`,
      `/oauth/authorize?${client}&response_type=code&state=${evil}&scope=${evil}`,
      `/oauth/authorize?client_id=${evil}`,
      `/mcp/sse/messages?sessionId=${evil}`,
      `/mcp?x=${evil}`,
      `/${evil}`,
    ]) {
      const { text, statuses } = await send(`GET ${target} HTTP/1.1\r\nHost: HOST\r\n\r\n`);
      const [headers = ''] = text.split('\r\n\r\n');
      expect(statuses, target).toHaveLength(1);
      expect(headers, target).not.toMatch(/^set-cookie/im);
      expect(headers, target).toMatch(/^(?:[\t\x20-\x7e]*\r\n)*[\t\x20-\x7e]*$/);
    }
    await expectAlive();
  });

  it('R21: clients that vanish at every byte of a request and of a stream leave nothing behind', async () => {
    const authorization = `Authorization: Bearer ${await mintToken(home)}`;
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'ping' });
    const head = `Host: HOST\r\n${authorization}\r\nAccept: application/json, text/event-stream\r\n`;
    const requests = [
      `POST /mcp HTTP/1.1\r\n${head}Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
      `GET /mcp/sse HTTP/1.1\r\n${head}\r\n`,
      `POST /oauth/token HTTP/1.1\r\nHost: HOST\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 9\r\n\r\ngrant=a&b`,
    ];
    for (const request of requests) {
      const bytes = Buffer.from(place(request));
      for (let round = 0; round <= 20; round++) {
        const socket = await openTls({ port: daemon.state.port, ca: daemon.ca });
        socket.write(bytes.subarray(0, Math.ceil((bytes.length * round) / 20)), () => socket.destroy());
      }
    }
    await expectAlive();
    await expect
      .poll(async () => JSON.parse((await runProgram(home, ['status', '--json'])).stdout), {
        timeout: 10_000,
      })
      .toMatchObject({ connections: 0, sessions: 0 });
  });
});
