import { describe, expect, it } from 'vitest';
import { call, initialize, post, send } from '../mcp/client.ts';
import { type EventReader, readEvents } from '../mcp/event-reader.ts';
import { askControl, mintFor } from '../support/control.ts';
import { ENGINES } from '../support/listen.ts';
import type { Endpoint } from '../support/mcp-person.ts';
import { openSession } from '../support/mcp-session.ts';
import { statelessHeaders, statelessMessage } from '../support/stateless-request.ts';
import { startServers, toldServer } from '../support/upstreams.ts';

const CLIENTS = 51;
const CALLS = 4;
const GRANTS = 5;
const MAX_DELAY_MS = 30;
/** The same for every client. */
const TOKEN = 'the same token';

/** Sends one call of `keep`, and gives the reader on which its answer comes. */
type Ask = (id: number, secret: string) => Promise<EventReader>;

const keep = (secret: string) => ({ secret, ms: MAX_DELAY_MS });

const CONNECT = {
  async http(at: Endpoint): Promise<Ask> {
    const session = await openSession(at);
    return async (id, secret) =>
      readEvents(await session.post(call(id, 'keep', keep(secret), { _meta: { progressToken: TOKEN } })));
  },
  async sse({ url, token }: Endpoint): Promise<Ask> {
    const events = readEvents(await send('GET', `${url}/sse`, { token }));
    const messages = `${new URL(url).origin}${(await events.next())?.data}`;
    await post(messages, { token }, initialize('2024-11-05'));
    await events.message();
    return async (id, secret) => {
      await post(messages, { token }, call(id, 'keep', keep(secret), { _meta: { progressToken: TOKEN } }));
      return events;
    };
  },
  async stateless({ url, token }: Endpoint): Promise<Ask> {
    return async (id, secret) => {
      const message = statelessMessage('tools/call', { name: 'keep', arguments: keep(secret) }, id);
      const { _meta, ...params } = message.params;
      const asked = {
        ...message,
        params: { ...params, _meta: { ...(_meta as object), progressToken: TOKEN } },
      };
      return readEvents(await post(url, { token, headers: statelessHeaders(asked) }, asked));
    };
  },
} as const;

describe.each(ENGINES)('one server for everybody on %s', (engine) => {
  it('R51: 51 clients of three transports and five grants, with the same ids and tokens: each hears its own alone', async () => {
    const { home, at } = await startServers({ told: toldServer() }, { CLAUDE_SECURE_ENGINE: engine });
    const tokens = await Promise.all(
      Array.from({ length: GRANTS }, (_, number) => mintFor(home, `/workspace/${number}`)),
    );
    const legs = Object.values(CONNECT);

    async function client(number: number): Promise<void> {
      const connect = legs[number % legs.length] as (at: Endpoint) => Promise<Ask>;
      const asks = await connect(at('told', tokens[number % GRANTS]));
      for (let id = 1; id <= CALLS; id++) {
        const secret = `${number}/${id}`;
        const events = await asks(id, secret);
        expect(await events.message()).toEqual({
          jsonrpc: '2.0',
          method: 'notifications/progress',
          params: { progressToken: TOKEN, progress: 1, message: secret },
        });
        expect(await events.message()).toMatchObject({
          jsonrpc: '2.0',
          id,
          result: { content: [{ type: 'text', text: secret }] },
        });
      }
    }

    await Promise.all(Array.from({ length: CLIENTS }, (_, number) => client(number)));
    const { upstreams } = await askControl(home, 'status', {});
    expect(upstreams).toMatchObject([{ name: 'told', calls: CLIENTS * CALLS, restarts: 0 }]);
    expect(upstreams[0]?.processes.length).toBe(1);
  });
});
