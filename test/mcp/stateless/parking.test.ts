import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { limits } from '../../../src/limits.ts';
import { createParkedCalls } from '../../../src/mcp/stateless/parked-calls.ts';
import type { StatelessCall } from '../../../src/mcp/stateless/stateless-call.ts';
import { ENGINES } from '../../support/listen.ts';
import { openTls, sendRaw } from '../../support/raw-tls.ts';
import { waitFor } from '../../support/wait-for.ts';
import { post } from '../client.ts';
import { readEvents } from '../event-reader.ts';
import type { Asked } from '../scripted-upstream.ts';
import { serveMcp } from '../serve.ts';
import { createAskingServer, DESCRIBED, ELICIT } from './asking-server.ts';
import {
  type Answer,
  envelope,
  headersOf,
  type Message,
  readAnswer,
  request,
  startModern,
} from './modern.ts';

const ACCEPT = { action: 'accept', content: { name: 'Ada' } };
const CAPABILITIES = { elicitation: {} };
const SECOND_MS = 1_000;

const call = (name: string, more: object = {}, meta: object = {}): Message =>
  request(1, 'tools/call', { name, ...more }, envelope(CAPABILITIES, meta));
const goOn = (name: string, { body }: Pick<Answer, 'body'>, more: object = {}): Message =>
  call(name, {
    requestState: body.result.requestState,
    inputResponses: { 'elicitation-1': ACCEPT },
    ...more,
  });

/** The head of the request that the message is the body of. */
function headOf(path: string, token: string, message: Message): string {
  const headers = Object.entries({
    host: '127.0.0.1',
    authorization: `Bearer ${token}`,
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
    'content-length': String(Buffer.byteLength(JSON.stringify(message))),
    ...headersOf(message),
  });
  const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`);
  return `POST ${path} HTTP/1.1\r\n${lines.join('')}\r\n`;
}

describe('parked calls', () => {
  const abandoned: string[] = [];
  const createCall = (grantId: string, name: string): StatelessCall => ({
    grantId,
    run: () => Promise.reject(new Error('not in this test')),
    abandon: () => void abandoned.push(name),
  });

  it('R52: a call whose client does not come back is given up after ten minutes, one that was taken is not', () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    abandoned.length = 0;
    const parked = createParkedCalls(() => 0);
    const binding = ['a'];
    const state = parked.park(createCall('a', 'left'), binding);
    const taken = parked.park(createCall('a', 'taken'), binding);
    expect(parked.take(taken, binding)).toMatchObject({ grantId: 'a' });
    vi.advanceTimersByTime(limits.askMs - 1);
    expect(abandoned).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(abandoned).toEqual(['left']);
    expect(parked.take(state, binding)).toBeUndefined();
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe.each(ENGINES)('on the engine %s', (engine) => {
  async function start(answer: (asked: Asked) => unknown = createAskingServer([[ELICIT]])) {
    const modern = await startModern(engine, (asked) => void answer(asked), { described: DESCRIBED });
    const cancelled = () => modern.sent('notifications/cancelled').map(({ params }) => params?.requestId);
    const idOf = (name: string) => modern.sent('tools/call').find(({ params }) => params?.name === name)?.id;
    return { ...modern, cancelled, idOf };
  }
  /** `ask…` asks, `hold` never answers, `step` says progress and never answers, anything else answers. */
  function answerByName(asked: Asked): unknown {
    const { name, _meta } = (asked.request.params ?? {}) as { name?: string; _meta?: object };
    if (name?.startsWith('ask')) return createAskingServer([[ELICIT]])(asked);
    const params = { ..._meta, progress: 1 };
    if (name === 'step') asked.deliver({ jsonrpc: '2.0', method: 'notifications/progress', params });
    if (name !== 'hold' && name !== 'step') asked.result({ name });
    return undefined;
  }

  describe('while a call waits for its client', () => {
    it('others are served, and each answer reaches its own call, in whatever order', async () => {
      const { send, served, count } = await start(answerByName);
      const other = { token: served.token('b') };
      const first = await send(call('ask 1'));
      const second = await send(call('ask 2'), {}, other);
      expect((await send(call('plain'), {}, other)).body.result.name).toBe('plain');
      expect((await send(call('plain'))).body.result.name).toBe('plain');
      const answerOf = (content: object) => ({
        inputResponses: { 'elicitation-1': { action: 'accept', content } },
      });
      const later = await send(goOn('ask 2', second, answerOf({ name: 'Bob' })), {}, other);
      const sooner = await send(goOn('ask 1', first, answerOf({ name: 'Ada' })));
      expect(later.body.result.answers).toEqual([{ action: 'accept', content: { name: 'Bob' } }]);
      expect(sooner.body.result.answers).toEqual([{ action: 'accept', content: { name: 'Ada' } }]);
      expect(count('tools/call')).toBe(4);
    });

    it('a server that dies is the answer to the retry', async () => {
      const { send, upstream } = await start();
      const first = await send(call('t'));
      upstream.die();
      const { status, body } = await send(goOn('t', first));
      expect([status, body.error.code]).toEqual([200, -32_603]);
      expect(body.error.message).toMatch(/ended during the call/);
    });

    it('a server that goes on without the answer gives its result to the retry', async () => {
      const { send } = await start(({ ask, deliver, result }) => {
        void ask(ELICIT);
        setTimeout(() => {
          deliver({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 'question 1' } });
          result({ done: true });
        }, limits.askWindowMs * 5);
      });
      const first = await send(call('t'));
      expect((await send(goOn('t', first))).body.result.done).toBe(true);
    });

    it('the end of the daemon is the end of the call', async () => {
      const { send, served, cancelled, idOf } = await start();
      await send(call('t'));
      await served.mcp.close();
      expect(cancelled()).toEqual([idOf('t')]);
    });

    it('the end of the grant is the end of its call, and of nobody else’s', async () => {
      const { send, served, cancelled, idOf } = await start();
      const other = { token: served.token('b') };
      await send(call('t'));
      const foreign = await send(call('u'), {}, other);
      served.mcp.endGrant('a');
      expect(cancelled()).toEqual([idOf('t')]);
      expect((await send(goOn('u', foreign), {}, other)).body.result.answers).toEqual([ACCEPT]);
    });

    it('R52: of one grant only so many wait; the oldest is given up, nobody else’s', async () => {
      const { send, served, cancelled, sent } = await start();
      const other = { token: served.token('b') };
      const foreign = await send(call('t'), {}, other);
      const own: Answer[] = [];
      for (let index = 0; index <= limits.parkedCalls; index++) own.push(await send(call('t')));
      expect(cancelled()).toEqual([sent('tools/call')[1]?.id]);
      expect((await send(goOn('t', own[0]!))).body.error.code).toBe(-32_602);
      expect((await send(goOn('t', own[1]!))).body.result.answers).toEqual([ACCEPT]);
      expect((await send(goOn('t', foreign), {}, other)).body.result.answers).toEqual([ACCEPT]);
    });
  });

  describe('R52: a client that closes the connection cancels its call within a second', () => {
    async function expectCancelled(
      { cancelled }: Awaited<ReturnType<typeof start>>,
      id: unknown,
    ): Promise<void> {
      await waitFor('the cancellation', () => cancelled().length > 0, SECOND_MS);
      expect(cancelled()).toEqual([id]);
    }

    it('before there was an answer', async () => {
      const modern = await start(answerByName);
      const leaving = new AbortController();
      const open = modern.post(call('hold'), {}, { signal: leaving.signal }).catch(() => undefined);
      await waitFor('the call', () => modern.count('tools/call') === 1);
      leaving.abort();
      await expectCancelled(modern, modern.idOf('hold'));
      await open;
      expect((await modern.send(call('plain'))).status).toBe(200);
    });

    it('in the middle of its stream', async () => {
      const modern = await start(answerByName);
      const events = readEvents(await modern.post(call('step', {}, { progressToken: 1 })));
      await events.message();
      await events.cancel();
      await expectCancelled(modern, modern.idOf('step'));
    });

    it('in a later round', async () => {
      const modern = await start(async ({ ask }) => void (await ask(ELICIT)));
      const first = await modern.send(call('t'));
      const leaving = new AbortController();
      const open = modern.post(goOn('t', first), {}, { signal: leaving.signal }).catch(() => undefined);
      await waitFor('the answer', () => modern.upstream.received.some((each) => 'result' in each));
      leaving.abort();
      await expectCancelled(modern, modern.idOf('t'));
      await open;
    });

    it('while it waits for its turn', async () => {
      const modern = await start(answerByName);
      const first = await modern.send(call('ask'));
      const leaving = new AbortController();
      const holding = modern.post(call('hold'), {}, { signal: leaving.signal }).catch(() => undefined);
      await waitFor('the call', () => modern.idOf('hold') !== undefined);
      const impatient = new AbortController();
      const waiting = modern
        .post(goOn('ask', first), {}, { signal: impatient.signal })
        .catch(() => undefined);
      const queued = modern.post(call('plain'), {}, { signal: impatient.signal }).catch(() => undefined);
      await modern.send(request(1, 'tools/list'));
      impatient.abort();
      await expectCancelled(modern, modern.idOf('ask'));
      leaving.abort();
      await Promise.all([holding, waiting, queued]);
      await waitFor('the other cancellation', () => modern.cancelled().length === 2);
      expect(modern.idOf('plain')).toBeUndefined();
      expect((await modern.send(call('next'))).body.result.name).toBe('next');
    });

    it('but not when the round had its result', async () => {
      const modern = await start(answerByName);
      const message = call('ask');
      const { port } = new URL(modern.url);
      const bytes = headOf('/mcp', modern.token, message) + JSON.stringify(message);
      const { text, closedBy } = await sendRaw({
        port: Number(port),
        ca: modern.served.ca,
        bytes,
        answers: 1,
      });
      expect(closedBy).toBe('us');
      const first = { body: JSON.parse(text.slice(text.indexOf('\r\n\r\n'))) };
      await modern.send(call('plain'));
      expect(modern.cancelled()).toEqual([]);
      expect((await modern.send(goOn('ask', first))).body.result.answers).toEqual([ACCEPT]);
      expect(modern.cancelled()).toEqual([]);
    });
  });

  it('R52: beyond so many requests of one grant it is 429, another grant is served', async () => {
    const { post, send, served, count } = await start(answerByName);
    const leaving = new AbortController();
    const open = Array.from({ length: limits.statelessInFlight }, () =>
      post(call('hold'), {}, { signal: leaving.signal }).catch(() => undefined),
    );
    await waitFor('the calls', () => count('tools/call') === limits.statelessInFlight);
    const { status, headers, body } = await send(request('more', 'tools/call', { name: 'plain' }));
    expect([status, headers.get('retry-after')]).toEqual([429, '1']);
    expect(body).toMatchObject({ id: 'more', error: { code: -32_000 } });
    expect((await send(call('plain'), {}, { token: served.token('b') })).status).toBe(200);
    leaving.abort();
    await Promise.all(open);
    const isFree = async (): Promise<boolean> => (await send(call('plain'))).status === 200;
    await waitFor('the places to be free', isFree);
  });

  describe('a server that is removed', () => {
    const definition = {
      name: 'other',
      command: 'x',
      args: [],
      env: {},
      envFile: undefined,
      cwd: undefined,
      sharing: 'shared' as const,
      enabled: true,
    };

    it('is the error of the calls under way', async () => {
      const { served, token, url, count } = await start(answerByName);
      served.mcp.define([definition]);
      const message = call('hold');
      const open = post(`${url}/other`, { token, headers: headersOf(message) }, message);
      await waitFor('the call', () => count('tools/call') === 1);
      served.mcp.define([]);
      const { status, body } = await readAnswer(await open);
      expect([status, body.id, body.error.code]).toEqual([200, 1, -32_603]);
      expect(body.error.message).toMatch(/ended during the call/);
    });

    it('is not started for a request that was on its way', async () => {
      const { served, token, count } = await start(answerByName);
      served.mcp.define([definition]);
      const message = call('plain');
      const body = JSON.stringify(message);
      const { port } = new URL(served.url);
      const socket = await openTls({ port: Number(port), ca: served.ca });
      let answer = '';
      socket.on('data', (chunk) => {
        answer += chunk;
      });
      socket.write(headOf('/mcp/other', token, message) + body.slice(0, 9));
      await waitFor('the request', () => served.authenticated() === 1);
      served.mcp.define([]);
      socket.write(body.slice(9));
      await waitFor('the answer', () => answer.includes('-32603'));
      expect(count('tools/call')).toBe(0);
    });
  });

  it('a server that does not start is an error that tells the owner where to look, and nobody why', async () => {
    const served = await serveMcp(engine, {
      name: 'broken',
      connect: () => Promise.reject(new Error('/home/ada/secret: not found')),
    });
    const token = served.token('a');
    const listen = request(
      1,
      'subscriptions/listen',
      { notifications: { toolsListChanged: true } },
      envelope(),
    );
    for (const message of [call('t'), request(1, 'server/discover'), listen]) {
      const answer = await post(`${served.url}/mcp`, { token, headers: headersOf(message) }, message);
      expect([answer.status, await answer.json()]).toEqual([
        200,
        {
          jsonrpc: '2.0',
          id: 1,
          error: {
            code: -32_603,
            message: 'the server broken did not start; claude-secure status tells why',
          },
        },
      ]);
    }
  });
});
