import { readFileSync } from 'node:fs';
import { beforeEach, describe, expect, it } from 'vitest';
import { OWNER_HEADER } from '../../src/control.ts';
import { limits } from '../../src/limits.ts';
import { type Attacked, startAttacked } from '../support/attacked.ts';
import { mintFor } from '../support/control.ts';
import { ENGINES } from '../support/listen.ts';
import { memoryOf } from '../support/processes.ts';
import { openTls, type RawAnswer } from '../support/raw-tls.ts';

const MIB = 1_048_576;
const FORM = 'application/x-www-form-urlencoded';
const JSON_TYPE = 'application/json';

interface Route {
  readonly path: string;
  readonly cap: number;
  readonly type: string;
  /** What a body of the largest size gets that says nothing. */
  readonly status: number;
  readonly credentials?: 'bearer' | 'owner';
}

const ROUTES: readonly Route[] = [
  { path: '/mcp', cap: limits.mcpBodyBytes, type: JSON_TYPE, status: 400, credentials: 'bearer' },
  { path: '/oauth/token', cap: limits.formBodyBytes, type: FORM, status: 400 },
  { path: '/oauth/revoke', cap: limits.formBodyBytes, type: FORM, status: 400 },
  { path: '/oauth/consent', cap: limits.formBodyBytes, type: FORM, status: 400 },
  { path: '/oauth/register', cap: limits.registrationBodyBytes, type: JSON_TYPE, status: 400 },
  {
    path: '/control/status',
    cap: limits.controlBodyBytes,
    type: JSON_TYPE,
    status: 400,
    credentials: 'owner',
  },
];

describe.each(ENGINES)('bodies at the built daemon on %s', (engine) => {
  let attacked: Attacked;
  let credentials: Record<'bearer' | 'owner', string>;
  beforeEach(async () => {
    attacked = await startAttacked(engine);
    const { home } = attacked;
    credentials = {
      bearer: `Authorization: Bearer ${await mintFor(home, home.dir)}\r\n`,
      owner: `${OWNER_HEADER}: ${readFileSync(home.paths.ownerSecret, 'utf8').trim()}\r\n`,
    };
  });

  const head = (route: Route, framing: string): string =>
    attacked.place(
      `POST ${route.path} HTTP/1.1\r\nHost: HOST\r\nContent-Type: ${route.type}\r\n${route.credentials ? credentials[route.credentials] : ''}${framing}\r\n\r\n`,
    );

  function chunked(body: string, size: number): string {
    const chunks: string[] = [];
    for (let at = 0; at < body.length; at += size) {
      const chunk = body.slice(at, at + size);
      chunks.push(`${chunk.length.toString(16)}\r\n${chunk}\r\n`);
    }
    return `${chunks.join('')}0\r\n\r\n`;
  }

  /** A body of this length both ways, or announced only. */
  const waysToSend = (route: Route, length: number): Record<string, string> => ({
    'by length': head(route, `Content-Length: ${length}`) + 'b'.repeat(length),
    'in chunks': head(route, 'Transfer-Encoding: chunked') + chunked('b'.repeat(length), 65_536),
  });

  function expectTooLarge(what: string, { statuses, text, closedBy }: RawAnswer): void {
    expect({ what, statuses, closedBy }).toEqual({ what, statuses: [413], closedBy: 'server' });
    expect(text, what).toMatch(/^connection: close\r$/im);
    expect(text, what).toMatch(/^cache-control: no-store\r$/im);
    expect(text, what).toMatch(/\{"error":"payload_too_large"\}$/);
  }

  it.each(ROUTES)('R18: $path takes $cap bytes and not one more', async (route) => {
    const { send, expectAlive } = attacked;
    for (const [way, bytes] of Object.entries(waysToSend(route, route.cap))) {
      const { statuses } = await send(bytes, { answers: 1, quietMs: 5_000 });
      expect({ way, statuses }).toEqual({ way, statuses: [route.status] });
    }
    for (const [way, bytes] of Object.entries(waysToSend(route, route.cap + 1))) {
      const answer = await send(bytes, { quietMs: 5_000 });
      // Who goes on sending to a closed connection is told so by the kernel, maybe before the answer was read.
      const isLost = bytes.length > MIB && answer.text === '';
      if (isLost) expect(answer.closedBy).toBe('server');
      else expectTooLarge(way, answer);
    }
    expectTooLarge('announced', await send(head(route, `Content-Length: ${10 ** 9}`), { quietMs: 5_000 }));
    await expectAlive();
  });

  it('R18: an endless body is cut while it is being sent, and nothing of it is kept', async () => {
    const { port, ca, daemon, expectAlive } = attacked;
    const before = memoryOf(daemon.state.pid).now;
    const chunk = Buffer.from(`10000\r\n${'b'.repeat(65_536)}\r\n`);
    for (const route of ROUTES) {
      const socket = await openTls({ port, ca });
      socket.write(head(route, 'Transfer-Encoding: chunked'));
      let sent = 0;
      const pour = (): void => {
        while (!socket.destroyed && socket.write(chunk)) sent += chunk.length;
      };
      socket.on('drain', pour);
      socket.resume();
      pour();
      await new Promise((resolve) => socket.once('close', resolve));
      expect(sent, route.path).toBeLessThan(route.cap + 32 * MIB);
    }
    expect(memoryOf(daemon.state.pid).peak - before).toBeLessThan((4 * limits.mcpBodyBytes) / MIB);
    await expectAlive();
  });
});
