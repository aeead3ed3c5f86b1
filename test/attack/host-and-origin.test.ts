import { readFileSync } from 'node:fs';
import { beforeEach, describe, expect, it } from 'vitest';
import hosts from '../corpus/hosts.json' with { type: 'json' };
import origins from '../corpus/origins.json' with { type: 'json' };
import { type Attacked, startAttacked } from '../support/attacked.ts';
import { askControl, mintFor } from '../support/control.ts';
import { ENGINES } from '../support/listen.ts';

const ROUTES = [
  '/mcp',
  '/mcp/sse',
  '/oauth/register',
  '/oauth/token',
  '/oauth/authorize',
  '/control/mint',
  '/health',
  '/nowhere',
];
const FORBIDDEN = '{"error":"forbidden"}';
/** PROXY protocol, version 2: "this connection comes from 8.8.8.8:1, to 127.0.0.1:1". */
const PROXY_V2 = Buffer.from('0d0a0d0a000d0a515549540a2111000c080808087f00000100010001', 'hex');

describe.each(ENGINES)('Host and Origin at the built daemon on %s', (engine) => {
  let attacked: Attacked;
  beforeEach(async () => {
    attacked = await startAttacked(engine, { CLAUDE_SECURE_LOG: 'debug' });
  });

  /** The statuses of heads that are sent one behind the other on one connection, and all that came back. */
  async function sendHeads(
    line: string,
    headers: readonly string[],
    credentials = '',
  ): Promise<{ statuses: number[]; text: string }> {
    const rest = `${credentials}${line.startsWith('POST') ? 'Content-Length: 0\r\n' : ''}\r\n`;
    const heads = headers.map((header) => attacked.place(`${line} HTTP/1.1\r\n${header}\r\n${rest}`));
    return attacked.send(heads, { answers: heads.length, inTurn: true });
  }

  it('R12, R13: no foreign Host or Origin gets past the gate, on any route, with whatever credentials', async () => {
    const { home, expectAlive } = attacked;
    const token = await mintFor(home, home.dir);
    const owner = readFileSync(home.paths.ownerSecret, 'utf8');
    const credentials = `Authorization: Bearer ${token}\r\nX-Claude-Secure-Owner: ${owner}\r\n`;
    const foreign = [
      'Host:',
      'Host: ',
      ...hosts.foreign.map((host) => `Host: ${host}`),
      ...origins.foreign.map((origin) => `Host: HOST\r\nOrigin: ${origin}`),
      'Host: HOST\r\nOrigin: https://HOST\r\nOrigin: https://HOST',
    ];
    const lines = ROUTES.flatMap((route) => ['GET', 'POST', 'OPTIONS'].map((method) => `${method} ${route}`));
    for (const line of lines) {
      const { statuses, text } = await sendHeads(line, foreign, credentials);
      const seen = foreign.map((header, index) => ({ header, status: statuses[index] }));
      expect({ line, passed: seen.filter(({ status }) => status !== 403) }).toEqual({ line, passed: [] });
      expect(text.split(FORBIDDEN)).toHaveLength(foreign.length + 1);
      expect(text).not.toMatch(/access-control-|set-cookie|mcp-session-id|www-authenticate/i);
    }
    const { sessions, pendingConsents, clients } = await askControl(home, 'status', {});
    expect({ sessions, pendingConsents, clients }).toEqual({ sessions: 0, pendingConsents: 0, clients: 1 });
    await expectAlive();
  });

  it('R12, R13: the allowed ones pass, in any case of the name, and are allowed nothing more', async () => {
    for (const host of hosts.allowed) {
      expect({ host, ...(await sendHeads('GET /health', [`Host: ${host}`])) }).toMatchObject({
        host,
        statuses: [200],
      });
    }
    for (const { line, origin, status } of origins.rows) {
      const { statuses, text } = await sendHeads(line, [`Host: HOST\r\nOrigin: ${origin}`]);
      expect({ line, origin, statuses }).toEqual({ line, origin, statuses: [status] });
      expect(text).not.toMatch(/access-control-/i);
    }
    const preflight = 'Access-Control-Request-Method: POST\r\nAccess-Control-Request-Private-Network: true';
    const { statuses, text } = await sendHeads('OPTIONS /mcp', [
      `Host: HOST\r\nOrigin: http://localhost:1\r\n${preflight}`,
    ]);
    expect(statuses).toEqual([405]);
    expect(text).not.toMatch(/access-control-|private-network/i);
  });

  it('R12, R13, R56: what the gate refuses is audited by its name', async () => {
    const { home } = attacked;
    await sendHeads('GET /mcp', ['Host: rebound.example', 'Host: HOST\r\nOrigin: https://evil.example']);
    const lines = readFileSync(home.paths.daemonLog, 'utf8').split('\n');
    const refused = lines.filter((line) => line.includes('gate.refused')).map((line) => JSON.parse(line));
    expect(refused).toMatchObject([
      { peer: '127.0.0.1', path: '/mcp', host: 'rebound.example' },
      { peer: '127.0.0.1', path: '/mcp', host: attacked.place('HOST'), origin: 'https://evil.example' },
    ]);
  });

  it('R14: no header and no preamble of a proxy moves the issuer, the log’s peer or the rate limit', async () => {
    const { home, daemon, send, place, expectAlive } = attacked;
    const forwarded = ['Host', 'Proto', 'For', 'Port', 'Server'].map(
      (name) => `X-Forwarded-${name}: 8.8.8.8`,
    );
    const lies = [...forwarded, 'Forwarded: for=8.8.8.8;host=evil.com;proto=http', 'X-Real-IP: 8.8.8.8'];
    const head = (line: string): string =>
      place(`${line} HTTP/1.1\r\nHost: HOST\r\n${lies.join('\r\n')}\r\n`);
    for (const path of ['oauth-authorization-server', 'oauth-protected-resource/mcp']) {
      const { text, statuses } = await send(`${head(`GET /.well-known/${path}`)}\r\n`, { answers: 1 });
      expect(statuses).toEqual([200]);
      expect(text).not.toMatch(/8\.8\.8\.8|evil|http:\/\//);
      expect(text).toContain(daemon.url);
    }
    const body = JSON.stringify({ client_name: 'a', redirect_uris: ['http://127.0.0.1:9/callback'] });
    const fields = `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
    const request = Buffer.from(`${head('POST /oauth/register')}${fields}`);
    const preambled = await send(Buffer.concat([PROXY_V2, request]), { answers: 1 });
    // uWebSockets.js reads the preamble, and we do not ask it what it read.
    expect(preambled.statuses).toEqual(engine === 'uws' ? [201] : [400]);
    const statuses: number[] = [];
    for (let count = preambled.statuses[0] === 201 ? 1 : 0; count < 22; count++) {
      statuses.push(...(await send(request, { answers: 1 })).statuses);
    }
    expect(statuses.slice(-3)).toEqual([201, 429, 429]);
    const log = readFileSync(home.paths.daemonLog, 'utf8');
    expect(log).toContain('"peer":"127.0.0.1"');
    expect(log).not.toContain('8.8.8.8');
    await expectAlive();
  });
});
