import { describe, expect, it } from 'vitest';
import { ENGINES } from '../../support/listen.ts';
import { readEvents } from '../event-reader.ts';
import { createAskingServer, DESCRIBED, ELICIT, type Question, ROOTS, SAMPLE } from './asking-server.ts';
import { envelope, request, startModern } from './modern.ts';

const URL_ELICIT: Question = {
  method: 'elicitation/create',
  params: { mode: 'url', url: 'https://example.com', message: 'Go', elicitationId: 'e' },
};
const FORM_ELICIT: Question = { ...ELICIT, params: { ...ELICIT.params, mode: 'form' } };
const SAMPLE_WITH_TOOLS: Question = { ...SAMPLE, params: { ...SAMPLE.params, tools: [] } };

const call = (capabilities: object, meta: object = {}) =>
  request(1, 'tools/call', { name: 't' }, envelope(capabilities, meta));

describe.each(ENGINES)('on the engine %s', (engine) => {
  const start = (...script: Parameters<typeof createAskingServer>) =>
    startModern(engine, createAskingServer(...script), { described: DESCRIBED });

  const undeclared: [string, Question, object, object][] = [
    ['a form, and nothing is declared', ELICIT, {}, { elicitation: {} }],
    ['a form, and only pages are', ELICIT, { elicitation: { url: {} } }, { elicitation: { form: {} } }],
    [
      'a form by name, and only pages are',
      FORM_ELICIT,
      { elicitation: { url: {} } },
      { elicitation: { form: {} } },
    ],
    ['a page, and nothing is', URL_ELICIT, {}, { elicitation: { url: {} } }],
    ['a page, and only forms are', URL_ELICIT, { elicitation: { form: {} } }, { elicitation: { url: {} } }],
    ['a page, and an empty elicitation is', URL_ELICIT, { elicitation: {} }, { elicitation: { url: {} } }],
    ['sampling', SAMPLE, { elicitation: {} }, { sampling: {} }],
    ['sampling with tools', SAMPLE_WITH_TOOLS, { sampling: {} }, { sampling: { tools: {} } }],
    ['roots', ROOTS, { sampling: {} }, { roots: {} }],
  ];
  describe.each(['error', 'tool error'] as const)(
    'a server that ends in an %s when it cannot ask',
    (onRefusal) => {
      it.each(undeclared)(
        'wants %s: 400 -32021 with what it needs',
        async (_what, question, capabilities, required) => {
          const { send } = await start([[question]], { onRefusal });
          const { status, type, body } = await send(call(capabilities));
          expect([status, type]).toEqual([400, 'application/json']);
          expect(body).toEqual({
            jsonrpc: '2.0',
            id: 1,
            error: { code: -32_021, message: expect.any(String), data: { requiredCapabilities: required } },
          });
        },
      );
    },
  );

  it.each(undeclared)(
    'a server that copes without %s has its result',
    async (_what, question, capabilities) => {
      const { send } = await start([[question]]);
      const { status, body } = await send(call(capabilities));
      expect([status, body.result.resultType]).toEqual([200, 'complete']);
      expect(body.result.answers).toEqual([{ code: -32_601 }]);
    },
  );

  it.each<[Question, object]>([
    [ELICIT, { elicitation: {} }],
    [ELICIT, { elicitation: { form: {} } }],
    [FORM_ELICIT, { elicitation: {} }],
    [URL_ELICIT, { elicitation: { url: {} } }],
    [SAMPLE, { sampling: {} }],
    [SAMPLE_WITH_TOOLS, { sampling: { tools: {} } }],
    [ROOTS, { roots: {} }],
    [ROOTS, { roots: { listChanged: true } }],
  ])('%j is asked of who declares %j', async (question, capabilities) => {
    const { send } = await start([[question]], { onRefusal: 'error' });
    const { body } = await send(call(capabilities));
    const { elicitationId: _, ...params } = question.params;
    expect(Object.values(body.result.inputRequests)).toEqual([{ ...question, params }]);
  });

  it('of several questions only those are asked that may be', async () => {
    const { send } = await start([[SAMPLE, ELICIT, ROOTS]]);
    const { body } = await send(call({ elicitation: {} }));
    expect(body.result.inputRequests).toEqual({ 'elicitation-1': ELICIT });
  });

  it('once the answer is a stream the error comes on it', async () => {
    const { post } = await start([[ELICIT]], { onRefusal: 'error', talks: true });
    const response = await post(call({}, { progressToken: 1 }));
    const events = readEvents(response);
    expect(response.status).toBe(200);
    expect(await events.message()).toMatchObject({ method: 'notifications/progress' });
    expect(await events.message()).toMatchObject({ id: 1, error: { code: -32_021 } });
    expect(await events.next()).toBeUndefined();
  });
});
