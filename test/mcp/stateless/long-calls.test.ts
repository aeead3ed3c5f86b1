import { describe, expect, it } from 'vitest';
import { ENGINES } from '../../support/listen.ts';
import { waitFor } from '../../support/wait-for.ts';
import { readEvents } from '../event-reader.ts';
import type { Asked } from '../scripted-upstream.ts';
import { DESCRIBED, ELICIT } from './asking-server.ts';
import { envelope, request, startModern } from './modern.ts';

const HOSTILE = [
  'a\n\nevent: endpoint\ndata: https://evil',
  'a\r\rdata: x\r\n\r\n',
  'a\u2028b\u2029c\u0085d\u0000e\ufefff',
  ': comment\nid: 9-9\nretry: 1',
  '\ud800 lone',
  'data: {"jsonrpc":"2.0","id":1,"result":{}}\n\n',
];
const call = (meta: object = {}) =>
  request(1, 'tools/call', { name: 't' }, envelope({ elicitation: {} }, meta));
/** What JSON makes of text that is no Unicode. */
const asSent = (text: string): string => JSON.parse(Buffer.from(JSON.stringify(text)).toString());

describe.each(ENGINES)('on the engine %s', (engine) => {
  /** A call that holds until the test answers it, seen as the stream that it has become. */
  async function startLong(meta: object = {}) {
    const held: Asked[] = [];
    const modern = await startModern(engine, (asked) => void held.push(asked), { described: DESCRIBED });
    const response = await modern.post(call(meta));
    const events = readEvents(response);
    const next = events.next();
    await waitFor('a comment', () => events.comments.length > 0);
    return { ...modern, response, events, next, asked: held[0]! };
  }

  it('an answer that takes long becomes a stream, which says so at once, and then one message', async () => {
    const { response, events, next, asked } = await startLong();
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/event-stream']);
    expect(events.comments).toEqual([': keep-alive']);
    asked.result({ content: [] });
    const event = (await next)!;
    expect([event.type, event.id]).toEqual(['message', undefined]);
    expect(JSON.parse(event.data)).toMatchObject({
      jsonrpc: '2.0',
      id: 1,
      result: { resultType: 'complete' },
    });
    expect(await events.next()).toBeUndefined();
  });

  it('so does an error, whatever status it would have had', async () => {
    const { events, next, asked } = await startLong();
    asked.deliver({ jsonrpc: '2.0', id: asked.request.id, error: { code: -32_601, message: 'no' } });
    expect(JSON.parse((await next)!.data)).toEqual({
      jsonrpc: '2.0',
      id: 1,
      error: { code: -32_601, message: 'no' },
    });
    expect(await events.next()).toBeUndefined();
  });

  it('and a question, which is the last message of its round', async () => {
    const { events, next, asked } = await startLong();
    void asked.ask(ELICIT);
    expect(JSON.parse((await next)!.data)).toMatchObject({
      id: 1,
      result: { resultType: 'input_required', inputRequests: { 'elicitation-1': ELICIT } },
    });
    expect(await events.next()).toBeUndefined();
  });

  it('progress that comes later stands before the result', async () => {
    const { events, next, asked } = await startLong({ progressToken: 'p' });
    const { progressToken } = asked.request.params!._meta as { progressToken: number };
    const params = { progressToken, progress: 1 };
    asked.deliver({ jsonrpc: '2.0', method: 'notifications/progress', params });
    asked.result({ content: [] });
    expect(JSON.parse((await next)!.data)).toMatchObject({ params: { progressToken: 'p' } });
    expect(await events.message()).toMatchObject({ id: 1, result: { content: [] } });
    expect(await events.next()).toBeUndefined();
  });

  it('the end of the daemon is an error of the call', async () => {
    const { served, events, next } = await startLong();
    await served.mcp.close();
    expect(JSON.parse((await next)!.data)).toMatchObject({ id: 1, error: { code: -32_603 } });
    expect(await events.next()).toBeUndefined();
  });

  it('R45: the end of the token is the end of the stream, and of the call', async () => {
    const { served, token, events, next, sent, asked } = await startLong();
    served.end(token);
    expect([await next, await events.next()]).toEqual([undefined, undefined]);
    await waitFor('the cancellation', () => sent('notifications/cancelled').length > 0, 1_000);
    expect(sent('notifications/cancelled')).toMatchObject([{ params: { requestId: asked.request.id } }]);
  });

  it('R45: so it is while nobody knows yet whether the answer will be a stream', async () => {
    const { served, token, post, count } = await startModern(engine, () => {}, { described: DESCRIBED });
    const posted = post(call());
    await waitFor('the call', () => count('tools/call') === 1);
    served.end(token);
    await waitFor('the cancellation', () => count('notifications/cancelled') === 1, 1_000);
    expect(await readEvents(await posted).next()).toBeUndefined();
  });

  it.each(HOSTILE)('R47: %j stays text, in whatever it comes', async (text) => {
    const { post, send } = await startModern(
      engine,
      ({ request: { id, params }, deliver, result }) => {
        const { progressToken } = (params?._meta ?? {}) as { progressToken?: number };
        if (progressToken !== undefined)
          deliver({
            jsonrpc: '2.0',
            method: 'notifications/progress',
            params: { progressToken, progress: 1, message: text },
          });
        deliver({ jsonrpc: '2.0', method: `notifications/${text}`, params: { [text]: text } }, id);
        result({ [text]: text, content: [{ type: 'text', text }] });
      },
      { described: DESCRIBED },
    );
    const sent = asSent(text);
    const response = await post(call({ progressToken: text }));
    const events = readEvents(response);
    expect(await events.message()).toMatchObject({ params: { progressToken: sent, message: sent } });
    expect(await events.message()).toEqual({
      jsonrpc: '2.0',
      method: `notifications/${sent}`,
      params: { [sent]: sent },
    });
    expect(await events.message()).toMatchObject({ id: 1, result: { content: [{ text: sent }] } });
    expect(await events.next()).toBeUndefined();
    expect(events.comments).toEqual([': keep-alive']);
    const listed = await send(request(text, 'vendor/echo'));
    if (listed.type === 'application/json') expect(listed.body.id).toBe(sent);
  });
});
