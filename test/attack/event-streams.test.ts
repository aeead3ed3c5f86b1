import { readFileSync } from 'node:fs';
import { createParser } from 'eventsource-parser';
import { describe, expect, it } from 'vitest';
import { call, initialize, post, send } from '../mcp/client.ts';
import { askControl } from '../support/control.ts';
import { ENGINES } from '../support/listen.ts';
import { openSession } from '../support/mcp-session.ts';
import { statelessHeaders, statelessMessage } from '../support/stateless-request.ts';
import { startServers, toldServer } from '../support/upstreams.ts';
import { waitFor } from '../support/wait-for.ts';

interface Seen {
  readonly event: string | undefined;
  readonly id: string | undefined;
  readonly data: string;
}

/** Everything that a strict parser makes of a stream, as it comes. */
function parse(response: Response): { readonly events: readonly Seen[]; readonly ended: Promise<void> } {
  const events: Seen[] = [];
  const parser = createParser({
    onEvent: ({ event, id, data }) => events.push({ event, id, data }),
    onError(error) {
      throw error;
    },
    onRetry(interval) {
      throw new Error(`a retry of ${interval}`);
    },
    onComment: (comment) => expect(comment).toBe('keep-alive'),
  });
  async function read(): Promise<void> {
    for await (const text of response.body!.pipeThrough(new TextDecoderStream())) parser.feed(text);
  }
  return { events, ended: read() };
}

async function parseWhole(response: Response): Promise<readonly Seen[]> {
  const { events, ended } = parse(response);
  await ended;
  return events;
}

const messagesOf = (events: readonly Seen[]) =>
  events.filter(({ data }) => data !== '').map(({ data }) => JSON.parse(data));

// Not imported: Vite refuses half a surrogate pair in JSON.
const corpus = new URL('../corpus/hostile-upstream.json', import.meta.url);
const { texts } = JSON.parse(readFileSync(corpus, 'utf8')) as { texts: readonly string[] };
const META = 'io.modelcontextprotocol';

describe.each(ENGINES)(
  'R47: whatever a server says stays in the one event that it is in, on %s',
  (engine) => {
    const start = () => startServers({ told: toldServer() }, { CLAUDE_SECURE_ENGINE: engine });

    /** What a call of `tell` is told by, in this order. */
    const told = (text: string, id: unknown) => [
      { method: 'notifications/progress', params: { progressToken: text, progress: 1, message: text } },
      { method: 'notifications/message', params: { level: 'error', logger: text, data: { [text]: text } } },
      { id, result: { content: [{ type: 'text', text }] } },
    ];

    it('R47: in the answer of a session', async () => {
      const { at } = await start();
      const session = await openSession(at('told'));
      for (const text of texts) {
        const id = `${text}`;
        const message = call(id, 'tell', { text }, { _meta: { progressToken: text } });
        const events = await parseWhole(await session.post(message));
        expect(messagesOf(events)).toEqual(told(text, id).map((each) => ({ jsonrpc: '2.0', ...each })));
        expect(events.map(({ event, id: eventId }) => [event, eventId?.replace(/^\d+-/, '')])).toEqual([
          [undefined, '0'],
          ['message', '1'],
          ['message', '2'],
          ['message', '3'],
        ]);
      }
    });

    it('R47: in the answer to a request without a session', async () => {
      const { at } = await start();
      const { url, token } = at('told');
      for (const text of texts) {
        const message = statelessMessage('tools/call', { name: 'tell', arguments: { text } }, text);
        const { _meta, ...params } = message.params;
        const meta = { ...(_meta as object), progressToken: text, [`${META}/logLevel`]: 'error' };
        const asked = { ...message, params: { ...params, _meta: meta } };
        const response = await post(url, { token, headers: statelessHeaders(asked) }, asked);
        const events = await parseWhole(response);
        expect(messagesOf(events)).toMatchObject(told(text, text));
        expect(events.map(({ event, id }) => [event, id])).toEqual(events.map(() => ['message', undefined]));
      }
    });

    it('R47: on the one stream of HTTP+SSE, where no text becomes an endpoint', async () => {
      const { home, at, daemon } = await start();
      const { url, token } = at('told');
      const stream = await send('GET', `${url}/sse`, { token });
      const { events: all, ended } = parse(stream);
      const reach = (count: number) => waitFor(`${count} events`, () => all.length >= count);
      await reach(1);
      const messages = `${daemon.url}${all[0]?.data}`;
      await post(messages, { token }, initialize('2024-11-05'));
      await reach(2);
      for (const [index, text] of texts.entries()) {
        await post(messages, { token }, call(index, 'tell', { text }, { _meta: { progressToken: text } }));
        await reach(2 + 3 * (index + 1));
      }
      await askControl(home, 'revoke', { clientId: 'launcher' });
      await ended;
      const [endpoint, begun, ...events] = all;
      expect([endpoint?.event, begun?.event]).toEqual(['endpoint', 'message']);
      expect(new Set(events.map(({ event }) => event))).toEqual(new Set(['message']));
      const answers = messagesOf(events).filter((message) => 'result' in message);
      expect(answers).toEqual(
        texts.map((text, id) => ({ jsonrpc: '2.0', id, result: { content: [{ type: 'text', text }] } })),
      );
    });
  },
);
