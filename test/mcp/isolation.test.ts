import { describe, expect, it } from 'vitest';
import { limits } from '../../src/limits.ts';
import { ENGINES } from '../support/listen.ts';
import { waitFor } from '../support/wait-for.ts';
import { call, initialize, openSession, post, send } from './client.ts';
import { readEvents } from './event-reader.ts';
import { type Asked, createScriptedUpstream } from './scripted-upstream.ts';
import { serveMcp } from './serve.ts';

describe.each(ENGINES)('on the engine %s', (engine) => {
  const CLIENTS = 50;
  const CALLS = 5;
  const MAX_DELAY_MS = 20;

  /** Answers after a random while, telling progress and a log note first; each names who asked. */
  function createSlowUpstream() {
    return createScriptedUpstream(({ request, caller, result, deliver }) => {
      const { arguments: args, _meta } = request.params as Record<string, Record<string, unknown>>;
      const params = { progressToken: _meta?.progressToken, progress: 1, message: args?.secret };
      setTimeout(() => {
        deliver({ jsonrpc: '2.0', method: 'notifications/progress', params });
        deliver(
          { jsonrpc: '2.0', method: 'notifications/message', params: { data: args?.secret } },
          request.id,
        );
        setTimeout(
          () => result({ secret: args?.secret, grant: caller?.grantId }),
          Math.random() * MAX_DELAY_MS,
        );
      }, Math.random() * MAX_DELAY_MS);
    });
  }

  /** Every message of one call must carry the caller's own secret, and its own progress token. */
  function expectOwn(message: Record<string, unknown>, secret: string, id: number, grant: string): boolean {
    const params = message.params as Record<string, unknown> | undefined;
    if (message.method === 'notifications/message') expect(params).toEqual({ data: secret });
    else if (message.method)
      expect(params).toEqual({ progressToken: `token ${id}`, progress: 1, message: secret });
    else expect(message).toEqual({ jsonrpc: '2.0', id, result: { secret, grant } });
    return message.method === undefined;
  }

  const ask = (id: number, secret: string) =>
    call(id, 'slow', { secret }, { _meta: { progressToken: `token ${id}` } });

  describe('R51: sessions with the same request ids', () => {
    it('50 clients of Streamable HTTP get their own answers, progress and logs', async () => {
      const served = await serveMcp(engine, createSlowUpstream());
      async function client(number: number): Promise<void> {
        const grant = `grant ${number % 5}`;
        const token = served.token(grant);
        const session = await openSession(served, token);
        for (let id = 1; id <= CALLS; id++) {
          const secret = `${number}/${id}`;
          const events = readEvents(await post(`${served.url}/mcp`, { token, session }, ask(id, secret)));
          let count = 1;
          while (!expectOwn(await events.message(), secret, id, grant)) count++;
          expect(count).toBe(3);
        }
      }
      await Promise.all(Array.from({ length: CLIENTS }, (_, number) => client(number)));
    });

    it('50 clients of HTTP+SSE get their own answers, progress and logs', async () => {
      const served = await serveMcp(engine, createSlowUpstream());
      async function client(number: number): Promise<void> {
        const grant = `grant ${number % 5}`;
        const token = served.token(grant);
        const events = readEvents(await send('GET', `${served.url}/mcp/sse`, { token }));
        const url = `${served.url}${(await events.next())!.data}`;
        await post(url, { token }, initialize());
        await events.message();
        for (let id = 1; id <= CALLS; id++) {
          const secret = `${number}/${id}`;
          await post(url, { token }, ask(id, secret));
          while (!expectOwn(await events.message(), secret, id, grant));
        }
        await events.cancel();
      }
      await Promise.all(Array.from({ length: CLIENTS }, (_, number) => client(number)));
    });
  });

  describe('R52: caps', () => {
    async function startHolding() {
      const held: Asked[] = [];
      const served = await serveMcp(
        engine,
        createScriptedUpstream((asked) => {
          if (asked.request.params?.name === 'hold') held.push(asked);
          else asked.result({});
        }),
      );
      return { served, held, token: served.token('a'), mcpUrl: `${served.url}/mcp` };
    }

    it('an id that is still open is refused; 1 and "1" are two ids', async () => {
      const { served, held, token, mcpUrl } = await startHolding();
      const session = await openSession(served, token);
      const open = post(mcpUrl, { token, session }, call(1, 'hold'));
      await waitFor('the calls at the upstream', () => held.length === 1);
      expect((await post(mcpUrl, { token, session }, call(1, 'echo'))).status).toBe(400);
      expect((await post(mcpUrl, { token, session }, call('1', 'echo'))).status).toBe(200);
      held[0]!.result({});
      expect(await (await open).json()).toMatchObject({ id: 1 });
    });

    it('a grant’s 65th session takes the place of the longest unused, never of another grant’s', async () => {
      const { served, token, mcpUrl } = await startHolding();
      const other = served.token('b');
      const foreign = await openSession(served, other);
      const ids: string[] = [];
      for (let index = 0; index < limits.sessionsPerGrant; index++)
        ids.push(await openSession(served, token));
      await post(mcpUrl, { token, session: ids[0]! }, call(1, 'echo'));
      ids.push(await openSession(served, token));
      const statusOf = async (session: string, bearer = token) =>
        (await post(mcpUrl, { token: bearer, session }, call(1, 'echo'))).status;
      expect([await statusOf(ids[0]!), await statusOf(ids[1]!), await statusOf(ids.at(-1)!)]).toEqual([
        200, 404, 200,
      ]);
      expect(await statusOf(foreign, other)).toBe(200);
      expect(served.mcp.sessions()).toBe(limits.sessionsPerGrant + 1);
    });
  });
});
