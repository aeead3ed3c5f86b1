import { describe, expect, it } from 'vitest';
import { limits } from '../../../src/limits.ts';
import { createSealedStates } from '../../../src/mcp/stateless/sealed-state.ts';
import { ENGINES } from '../../support/listen.ts';
import { post } from '../client.ts';
import { createAskingServer, DESCRIBED, ELICIT } from './asking-server.ts';
import { envelope, headersOf, type Message, readAnswer, request, startModern } from './modern.ts';

const BASE64URL = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const ACCEPT = { action: 'accept', content: { name: 'Ada' } };
const PARAMS = { name: 't', arguments: { amount: 1 } };
const CAPABILITIES = envelope({ elicitation: {} });
const INVALID = { code: -32_602, message: 'Invalid or expired requestState' };

const ask = (more: object = {}): Message => request(1, 'tools/call', { ...PARAMS, ...more }, CAPABILITIES);
const goOn = (requestState: unknown, more: object = {}): Message =>
  ask({ requestState, inputResponses: { 'elicitation-1': ACCEPT }, ...more });

describe('a sealed state', () => {
  const open = { nowMs: 0 };
  const states = createSealedStates(() => open.nowMs);
  const BINDING = ['server', 'grant', 'tools/call', PARAMS];

  it('opens for whom and for what it was sealed, until it expires', () => {
    const state = states.seal('payload', BINDING);
    expect(states.open(state, BINDING)).toBe('payload');
    open.nowMs = limits.askMs - 1;
    expect(states.open(state, BINDING)).toBe('payload');
    open.nowMs = limits.askMs;
    expect(states.open(state, BINDING)).toBeUndefined();
    open.nowMs = 0;
  });

  it('R50: with any one bit changed it opens nothing', () => {
    const bytes = Buffer.from(states.seal('payload', BINDING), 'base64url');
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const changed = Buffer.from(bytes);
      changed[bit >> 3]! ^= 1 << (bit & 7);
      expect(states.open(changed.toString('base64url'), BINDING)).toBeUndefined();
    }
  });

  it('R50: no shorter, longer or otherwise spelled one opens anything', () => {
    const state = states.seal('payload', BINDING);
    for (let length = 0; length < state.length; length++) {
      expect(states.open(state.slice(0, length), BINDING)).toBeUndefined();
    }
    for (const spelled of [
      `${state}A`,
      `${state}=`,
      ` ${state}`,
      `${state}\n`,
      `${state.slice(0, 9)}\n${state.slice(9)}`,
    ]) {
      expect(states.open(spelled, BINDING)).toBeUndefined();
    }
    // The last character has bits that stand for nothing.
    const last = BASE64URL.indexOf(state.at(-1)!);
    const spellings = [...BASE64URL].filter((_, index) => index !== last);
    for (const end of spellings) expect(states.open(state.slice(0, -1) + end, BINDING)).toBeUndefined();
  });

  it('R50: of another daemon, or for anything else, it opens nothing', () => {
    const state = states.seal('payload', BINDING);
    expect(createSealedStates(() => 0).open(state, BINDING)).toBeUndefined();
    for (let part = 0; part < BINDING.length; part++) {
      expect(states.open(state, BINDING.with(part, 'other'))).toBeUndefined();
    }
  });
});

describe.each(ENGINES)('on the engine %s', (engine) => {
  async function start(now?: () => number) {
    const modern = await startModern(engine, createAskingServer([[ELICIT]]), {
      described: DESCRIBED,
      ...(now && { now }),
    });
    const { body } = await modern.send(ask());
    return { ...modern, state: body.result.requestState as string };
  }

  it('R50: a state with any one character changed is refused, and the true one is good still', async () => {
    const { send, state, count, upstream } = await start();
    for (let at = 0; at < state.length; at++) {
      const other = BASE64URL[(BASE64URL.indexOf(state[at]!) + 1 + (at % 63)) % 64];
      const changed = state.slice(0, at) + other + state.slice(at + 1);
      const { status, body } = await send(goOn(changed));
      expect([status, body]).toEqual([200, { jsonrpc: '2.0', id: 1, error: INVALID }]);
    }
    expect(upstream.received.filter((each) => !('method' in each))).toEqual([]);
    expect((await send(goOn(state))).body.result.answers).toEqual([ACCEPT]);
    expect(count('tools/call')).toBe(1);
  });

  it.each<[string, (state: string) => unknown]>([
    ['nothing', () => ''],
    ['text', () => 'garbage'],
    ['something behind it', (state) => `${state}-TAMPERED`],
    ['a number', () => 7],
    ['null', () => null],
    ['an object', (state) => ({ state })],
    ['a list', (state) => [state]],
    ['100,000 characters', () => 'A'.repeat(100_000)],
  ])('R49: %s for a state is -32602, and no call is made', async (_what, change) => {
    const { send, state, count } = await start();
    const { status, body } = await send(goOn(change(state)));
    expect([status, body.error]).toEqual([200, INVALID]);
    expect(count('tools/call')).toBe(1);
  });

  it('R50: another grant, tool, argument, method or server cannot use it, and its owner can', async () => {
    const { served, send, url, token, state, count } = await start();
    const definition = { command: 'x', args: [], env: {}, envFile: undefined, cwd: undefined };
    served.mcp.define([{ ...definition, name: 'other', sharing: 'shared', enabled: true }]);
    const message = goOn(state);
    const refused = [
      await send(message, {}, { token: served.token('b') }),
      await send(goOn(state, { name: 'u' })),
      await send(goOn(state, { arguments: { amount: 2 } })),
      await send(goOn(state, { arguments: undefined })),
      await send(goOn(state, { more: true })),
      await send({ ...message, method: 'prompts/get' }),
      await readAnswer(await post(`${url}/other`, { token, headers: headersOf(message) }, message)),
    ];
    expect(refused.map(({ body }) => body.error)).toEqual(refused.map(() => INVALID));
    expect(count('tools/call')).toBe(1);
    expect((await send(message)).body.result.answers).toEqual([ACCEPT]);
  });

  it('R50: it expires', async () => {
    let nowMs = 0;
    const { send, state } = await start(() => nowMs);
    nowMs = limits.askMs;
    expect((await send(goOn(state))).body.error).toEqual(INVALID);
  });

  it('two at once: one goes on, the other is refused', async () => {
    const { send, state, count } = await start();
    const both = await Promise.all([send(goOn(state)), send(goOn(state))]);
    const [won, lost] = both[0].body.result ? both : both.reverse();
    expect([won!.body.result.answers, lost!.body.error]).toEqual([[ACCEPT], INVALID]);
    expect(count('tools/call')).toBe(1);
  });

  it('where nothing can be asked a state is refused, too', async () => {
    const { send, state } = await start();
    const message = request(1, 'tools/list', { requestState: state }, CAPABILITIES);
    expect((await send(message)).body.error).toEqual(INVALID);
  });
});
