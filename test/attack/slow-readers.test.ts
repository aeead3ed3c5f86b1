import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { limits } from '../../src/limits.ts';
import { askControl, mintFor } from '../support/control.ts';
import { ENGINES } from '../support/listen.ts';
import { openSession } from '../support/mcp-session.ts';
import { memoryOf } from '../support/processes.ts';
import { openTls, sendRaw } from '../support/raw-tls.ts';
import { lifeServer, type ServedUpstreams, startServers } from '../support/upstreams.ts';
import { waitFor } from '../support/wait-for.ts';

const READERS = 5;
/** 330 bytes each: more than the kernel keeps for a connection, less than `limits.upstreamLineBytes`. */
const TOOLS = 16_000;
const MESSAGE_BYTES = 400_000;
const MESSAGES = 30;
/** A stalled reader goes after 30 s, and the engines look at their timers every few seconds. */
const CUT_MS = limits.streamStallMs + 15_000;

interface Posted {
  readonly path: string;
  readonly headers?: string;
  readonly message: object;
}

/** A POST as bytes. */
function post({ daemon, token }: ServedUpstreams, { path, headers = '', message }: Posted): string {
  const body = JSON.stringify(message);
  return `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1:${daemon.state.port}\r\nAuthorization: Bearer ${token}\r\nContent-Type: application/json\r\nAccept: application/json, text/event-stream\r\n${headers}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
}

describe.each(ENGINES)('clients of the built daemon on %s that read nothing', (engine) => {
  const startLife = (): Promise<ServedUpstreams> =>
    startServers({ life: lifeServer('many-tools', String(TOOLS)) }, { CLAUDE_SECURE_ENGINE: engine });
  const addressOf = ({ daemon }: ServedUpstreams) => ({ port: daemon.state.port, ca: daemon.ca });

  async function connections({ home }: ServedUpstreams): Promise<number> {
    return (await askControl(home, 'status', {})).connections;
  }

  it('R24: a large answer that is not read is given up', async () => {
    const served = await startLife();
    const session = await openSession(served.at('life'));
    expect(JSON.stringify(await session.request('tools/list')).length).toBeGreaterThan(5_000_000);
    const message = { jsonrpc: '2.0', id: 1, method: 'tools/list' };
    const bytes = post(served, { path: '/mcp/life', headers: `Mcp-Session-Id: ${session.id}\r\n`, message });
    const others = await connections(served);
    for (let count = 0; count < READERS; count++) {
      const reader = await openTls(addressOf(served));
      reader.write(bytes);
      // The answer has begun, and no more of it is taken.
      await once(reader, 'readable');
    }
    expect(await connections(served)).toBe(others + READERS);
    await waitFor('every reader to be cut', async () => (await connections(served)) <= others, CUT_MS);
  });

  it('R24: an event stream that is not read is cut while more is said, and memory stays bounded', async () => {
    const served = await startLife();
    const { home, daemon, token } = served;
    const address = addressOf(served);
    const before = memoryOf(daemon.state.pid).now;
    for (let count = 0; count < READERS; count++) {
      const reader = await openTls(address);
      reader.write(
        `GET /mcp/life/sse HTTP/1.1\r\nHost: 127.0.0.1:${address.port}\r\nAuthorization: Bearer ${token}\r\nAccept: text/event-stream\r\n\r\n`,
      );
      const [, path = ''] = await waitFor('the endpoint', () => {
        const chunk: unknown = reader.read();
        return /^data: (.+)$/m.exec(chunk === null ? '' : String(chunk));
      });
      const say = (message: object): Promise<number[]> =>
        sendRaw({ ...address, bytes: post(served, { path, message }), answers: 1 }).then(
          ({ statuses }) => statuses,
        );
      const params = {
        protocolVersion: '2025-11-25',
        capabilities: {},
        clientInfo: { name: 'a', version: '1' },
      };
      expect(await say({ jsonrpc: '2.0', id: 0, method: 'initialize', params })).toEqual([202]);
      await waitFor('the session', () => {
        const chunk: unknown = reader.read();
        return chunk !== null && String(chunk).includes('"id":0');
      });
      // Nothing is read from here on.
      const call = { name: 'echo', arguments: { value: 'e'.repeat(MESSAGE_BYTES) } };
      for (let id = 1; id <= MESSAGES; id++) {
        const [status] = await say({ jsonrpc: '2.0', id, method: 'tools/call', params: call });
        if (status !== 202) break;
      }
      // The answers come later than the calls are taken.
      const ping = { jsonrpc: '2.0', id: 'ping', method: 'ping' };
      await waitFor('the stream to be cut, and its session with it', async () => {
        return (await say(ping))[0] === 404;
      });
    }
    expect(memoryOf(daemon.state.pid).peak - before).toBeLessThan(200);
    expect((await askControl(home, 'status', {})).sessions).toBe(0);
    expect((await mintFor(home, home.dir)).length).toBeGreaterThan(0);
  });
});
