import { describe, expect, it } from 'vitest';
import { ENGINES } from '../../support/listen.ts';
import { readEvents } from '../event-reader.ts';
import { createAskingServer, DESCRIBED, ELICIT, ROOTS, SAMPLE } from './asking-server.ts';
import { type Answer, envelope, KEY, type Message, request, startModern } from './modern.ts';

const ALL = { elicitation: { form: {}, url: {} }, sampling: { tools: {} }, roots: {} };
const ACCEPT = { action: 'accept', content: { name: 'Ada' } };
const SAMPLED = { role: 'assistant', model: 'm', content: { type: 'text', text: 'hm' } };
const LISTED = { roots: [{ uri: 'file:///a' }] };

const ask = (name: string, more: object = {}, meta = envelope(ALL)): Message =>
  request(1, 'tools/call', { name, arguments: { a: 1 }, ...more }, meta);

/** The request that goes on with what was asked. */
const retry = (first: Message, { body }: Answer, inputResponses?: unknown, id: unknown = 2): Message => ({
  ...first,
  id,
  params: {
    ...first.params,
    requestState: body.result.requestState,
    ...(inputResponses !== undefined && { inputResponses }),
  },
});

describe.each(ENGINES)('on the engine %s', (engine) => {
  async function start(...script: Parameters<typeof createAskingServer>) {
    const started = await startModern(engine, createAskingServer(...script), { described: DESCRIBED });
    return { ...started, sentParams: () => started.sent('tools/call').at(-1)?.params };
  }

  it('a question is the result, without what is not for the client; the answer goes on with the same call', async () => {
    const meta = { 'claude-secure/inputKey': 'user_name', progressToken: 3, 'example.com/x': 1 };
    const params = { ...ELICIT.params, elicitationId: 'e', _meta: meta };
    const { send, count, sentParams } = await start([[{ ...ELICIT, params }]]);
    const first = await send(ask('t'));
    expect([first.status, first.type]).toEqual([200, 'application/json']);
    expect(first.body).toEqual({
      jsonrpc: '2.0',
      id: 1,
      result: {
        resultType: 'input_required',
        inputRequests: {
          user_name: {
            method: 'elicitation/create',
            params: { ...ELICIT.params, _meta: { 'example.com/x': 1 } },
          },
        },
        requestState: expect.stringMatching(/^[\w-]{60,}$/),
        _meta: { [KEY.serverInfo]: DESCRIBED.serverInfo },
      },
    });
    const second = await send(retry(ask('t'), first, { user_name: ACCEPT }, 'other'));
    expect(second.body).toMatchObject({ id: 'other', result: { resultType: 'complete', answers: [ACCEPT] } });
    expect(second.body.result).not.toHaveProperty('ttlMs');
    expect(count('tools/call')).toBe(1);
    expect(sentParams()).toEqual({ name: 't', arguments: { a: 1 } });
  });

  it('questions that come together travel together, each with a key of its kind', async () => {
    const { send, count } = await start([[ELICIT, SAMPLE, ROOTS, ELICIT]]);
    const first = await send(ask('t'));
    expect(first.body.result.inputRequests).toEqual({
      'elicitation-1': ELICIT,
      'sampling-1': SAMPLE,
      'roots-1': ROOTS,
      'elicitation-2': ELICIT,
    });
    const answers = { 'sampling-1': SAMPLED, 'elicitation-2': { action: 'decline' }, 'roots-1': LISTED };
    const second = await send(retry(ask('t'), first, answers));
    expect(second.body.result.inputRequests).toEqual({ 'elicitation-1': ELICIT });
    const third = await send(retry(ask('t'), second, { 'elicitation-1': { action: 'cancel' } }));
    expect(third.body.result.answers).toEqual([{ action: 'cancel' }, SAMPLED, LISTED, { action: 'decline' }]);
    expect(count('tools/call')).toBe(1);
  });

  it('several rounds: each state is another one, works once, and the call runs once', async () => {
    const { send, count } = await start([[ELICIT], [SAMPLE], [ELICIT]]);
    const states = new Set<string>();
    const keys: string[] = [];
    let last = await send(ask('t'));
    const used: Message[] = [];
    while (last.body.result.resultType === 'input_required') {
      const [key] = Object.keys(last.body.result.inputRequests);
      keys.push(key!);
      states.add(last.body.result.requestState);
      const again = retry(ask('t'), last, { [key!]: key!.startsWith('s') ? SAMPLED : ACCEPT });
      used.push(again);
      last = await send(again);
    }
    expect([keys, states.size]).toEqual([['elicitation-1', 'sampling-1', 'elicitation-2'], 3]);
    expect(last.body.result.answers).toEqual([ACCEPT, SAMPLED, ACCEPT]);
    for (const replay of used) {
      const { status, body } = await send(replay);
      expect([status, body.error]).toEqual([
        200,
        { code: -32_602, message: 'Invalid or expired requestState' },
      ]);
    }
    expect(count('tools/call')).toBe(1);
  });

  it.each([
    ['prompts/get', { name: 'p' }],
    ['resources/read', { uri: 'test://r' }],
  ])('%s may ask, too', async (method, params) => {
    const { send, count } = await start([[ELICIT]]);
    const message = request(1, method, params, envelope(ALL));
    const first = await send(message);
    expect(first.body.result).not.toHaveProperty('ttlMs');
    const second = await send(retry(message, first, { 'elicitation-1': ACCEPT }));
    expect([second.body.result.answers, count(method)]).toEqual([[ACCEPT], 1]);
  });

  it('what cannot ask gets its answer all the same: the server is refused', async () => {
    const { send } = await start([[ELICIT]]);
    const { body } = await send(request(1, 'completion/complete', {}, envelope(ALL)));
    expect(body.result).toMatchObject({ resultType: 'complete', answers: [{ code: -32_601 }] });
  });

  it('a question that this revision does not know is refused', async () => {
    const { send } = await start([[{ method: 'vendor/ask', params: {} }]]);
    const { body } = await send(ask('t'));
    expect(body.result).toMatchObject({ resultType: 'complete', answers: [{ code: -32_601 }] });
  });

  describe('answers', () => {
    it.each<[string, unknown]>([
      ['none', undefined],
      ['null', null],
      ['an array', [ACCEPT]],
      ['a number', 7],
      ['text', 'accept'],
      ['no key', {}],
      ['another key', { 'elicitation-2': ACCEPT }],
      ['null for an answer', { 'elicitation-1': null }],
      ['an array for an answer', { 'elicitation-1': [ACCEPT] }],
      ['an unknown action', { 'elicitation-1': { action: 'maybe' } }],
      ['content of another form', { 'elicitation-1': { action: 'accept', content: { a: { b: {} } } } }],
      ['the answer to another question', { 'elicitation-1': SAMPLED }],
      ['a response around it', { 'elicitation-1': { method: 'elicitation/create', result: ACCEPT } }],
      ['prototype', JSON.parse('{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}')],
    ])('%s: the question is asked again, under the same key and another state', async (_what, answers) => {
      const { send, count } = await start([[ELICIT]]);
      const first = await send(ask('t'));
      const again = await send(retry(ask('t'), first, answers));
      expect(again.status).toBe(200);
      expect(again.body.result.inputRequests).toEqual(first.body.result.inputRequests);
      expect(again.body.result.requestState).not.toBe(first.body.result.requestState);
      expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
      const last = await send(retry(ask('t'), again, { 'elicitation-1': ACCEPT, extra: ACCEPT, x: 1 }));
      expect([last.body.result.answers, count('tools/call')]).toEqual([[ACCEPT], 1]);
    });

    it('without a state they are for a call that begins: what it asks for under those keys is not asked', async () => {
      const { send, sentParams } = await start([[ELICIT], [SAMPLE]]);
      const { body } = await send(ask('t', { inputResponses: { 'elicitation-1': ACCEPT, other: ACCEPT } }));
      expect(body.result.inputRequests).toEqual({ 'sampling-1': SAMPLE });
      expect(sentParams()).toEqual({ name: 't', arguments: { a: 1 } });
    });

    it.each<[unknown]>([[null], [[]], [7], ['x'], [{ 'elicitation-1': 7 }]])(
      'without a state %j is none: the call begins and asks',
      async (inputResponses) => {
        const { send } = await start([[ELICIT]]);
        const { status, body } = await send(ask('t', { inputResponses }));
        expect([status, body.result.inputRequests]).toEqual([200, { 'elicitation-1': ELICIT }]);
      },
    );

    it('keys that the server chose are taken as they are, once', async () => {
      const keyed = (key: unknown) => ({
        ...ELICIT,
        params: { ...ELICIT.params, _meta: { 'claude-secure/inputKey': key } },
      });
      const questions = ['a', 'a', '__proto__', 'k'.repeat(129), 7].map(keyed);
      const { send } = await start([questions]);
      const { body } = await send(ask('t'));
      expect(Object.keys(body.result.inputRequests)).toEqual([
        'a',
        'elicitation-1',
        '__proto__',
        'elicitation-2',
        'elicitation-3',
      ]);
    });
  });

  describe('each round', () => {
    it('has the progress token and the log level of its own request', async () => {
      const { post, send } = await start([[ELICIT]], { talks: true });
      const first = await post(ask('t', {}, envelope(ALL, { progressToken: 'one' })));
      const events = readEvents(first);
      expect(await events.message()).toMatchObject({ params: { progressToken: 'one', progress: 0 } });
      const asked = { status: 200, body: await events.message() } as never as Answer;
      const meta = envelope(ALL, { progressToken: 'two', [KEY.logLevel]: 'info' });
      const second = readEvents(await post(retry(ask('t', {}, meta), asked, { 'elicitation-1': ACCEPT })));
      expect(await second.message()).toMatchObject({ params: { progressToken: 'two', progress: 1 } });
      expect(await second.message()).toMatchObject({ params: { level: 'info' } });
      expect(await second.message()).toMatchObject({ id: 2, result: { resultType: 'complete' } });
      // Without a token of its own there is no progress, whatever an earlier round had.
      const third = readEvents(await post(ask('t', {}, envelope(ALL, { progressToken: 'one' }))));
      await third.message();
      const again = { status: 200, body: await third.message() } as never as Answer;
      expect((await send(retry(ask('t'), again, { 'elicitation-1': ACCEPT }))).type).toBe('application/json');
    });

    it('is asked only for what its own request declares', async () => {
      const { send } = await start([[ELICIT], [ELICIT]]);
      const first = await send(ask('t'));
      const second = await send(retry(ask('t', {}, envelope()), first, { 'elicitation-1': ACCEPT }));
      expect(second.body.result).toMatchObject({
        resultType: 'complete',
        answers: [ACCEPT, { code: -32_601 }],
      });
    });
  });

  describe('a page that must be visited first (-32042)', () => {
    const page = { mode: 'url', url: 'https://example.com/a', message: 'Go', elicitationId: 'e' };
    const required = {
      code: -32_042,
      message: 'Visit',
      data: { elicitations: [page, { ...page, mode: undefined }] },
    };
    const { elicitationId: _, ...shown } = page;
    const asked = { method: 'elicitation/create', params: shown };

    it('is a question, and the retry calls again, with new questions and no answers to them', async () => {
      const { send, count } = await start([[ELICIT]], { failsFirst: required });
      const first = await send(ask('t'));
      expect(first.body.result).toMatchObject({
        resultType: 'input_required',
        inputRequests: { 'elicitation-1': asked, 'elicitation-2': asked },
        requestState: expect.any(String),
      });
      const second = await send(retry(ask('t'), first, { 'elicitation-1': { action: 'accept' } }));
      expect(second.body.result.inputRequests).toEqual({ 'elicitation-1': ELICIT });
      expect(count('tools/call')).toBe(2);
    });

    it.each([{}, { elicitation: {} }, { elicitation: { form: {} } }])(
      'is 400 -32021 for a client that declares %j',
      async (capabilities) => {
        const { send } = await start([], { failsFirst: required });
        const { status, body } = await send(ask('t', {}, envelope(capabilities)));
        expect([status, body.error.code, Object.keys(body.error.data.requiredCapabilities)]).toEqual([
          400,
          -32_021,
          ['elicitation'],
        ]);
      },
    );

    it.each([undefined, null, {}, { elicitations: [] }, { elicitations: 'x' }, { elicitations: [7] }])(
      'is an error where it names no page (%j)',
      async (data) => {
        const { send } = await start([], { failsFirst: { ...required, data } });
        expect((await send(ask('t'))).body.error.code).toBe(-32_603);
      },
    );

    it('is an error where no question may be a result', async () => {
      const { send } = await start([], { failsFirst: required });
      const { status, body } = await send(request(1, 'completion/complete', {}, envelope(ALL)));
      expect([status, body.error.code]).toEqual([200, -32_603]);
    });
  });
});
