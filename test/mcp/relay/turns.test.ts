import { describe, expect, it } from 'vitest';
import { limits } from '../../../src/limits.ts';
import type { CatalogRecord } from '../../../src/mcp/relay/catalog.ts';
import type { Life } from './scripted-peer.ts';
import { type RelayStory, startRelay } from './start-relay.ts';

const NEVER_WAIT = [
  ['completion/complete', {}],
  ['prompts/list', {}],
  ['resources/list', {}],
  ['resources/templates/list', {}],
  ['resources/subscribe', { uri: 'u' }],
  ['tasks/list', {}],
  ['tools/list', {}],
] as const;

const ASKS_BACK: CatalogRecord = { initialize: undefined, lists: {}, asksBack: true };

/** Two clients before a server that is known to ask back, or is not. */
async function startTwo(story: RelayStory = { kept: ASKS_BACK }) {
  const started = await startRelay(story);
  const { peer, join } = started;
  return { ...started, anna: join('a'), bert: join('b'), life: peer.life };
}

/** Of each call at the server its name, in order. */
const calls = (life: Life): unknown[] => life.requests('tools/call').map(({ params }) => params?.name);

/** Answers the call of that name. */
function finish(life: Life, name: string): void {
  life.result(life.requests('tools/call').find(({ params }) => params?.name === name)!.id, name);
}

const ask = (life: Life, id: number): void => life.say({ id, method: 'roots/list' });

describe('calls before the first question', () => {
  it('run side by side', async () => {
    const { anna, bert, life } = await startTwo({});
    anna.call(1, 'tools/call', { name: 'a' });
    bert.call(1, 'tools/call', { name: 'b' });
    expect(calls(life)).toEqual(['a', 'b']);
  });

  it('the first question of two under way is held until one is left, and asked of that one', async () => {
    const { anna, bert, life } = await startTwo({});
    const [one, two] = [anna.call(1, 'x/y', { name: 'a' }), bert.call(1, 'x/y', { name: 'b' })];
    ask(life, 7);
    expect([one.questions, two.questions, life.answers()]).toEqual([[], [], []]);
    life.result(life.requests('x/y')[0]!.id, 'a');
    expect([anna.told, one.questions]).toEqual([[], []]);
    expect(two.questions).toMatchObject([{ method: 'roots/list' }]);
  });

  it('two clients, one call each, both ask: nobody could ever end, so both are refused', async () => {
    const { anna, bert, life } = await startTwo({});
    const [one, two] = [anna.call(1), bert.call(1)];
    ask(life, 7);
    ask(life, 8);
    const error = { code: -32_601, message: 'it is not clear whom to ask' };
    expect(life.answers()).toEqual([
      { jsonrpc: '2.0', id: 7, error },
      { jsonrpc: '2.0', id: 8, error },
    ]);
    expect([one.questions, two.questions, anna.told, bert.told]).toEqual([[], [], [], []]);
  });

  it('a question that is held for a minute is refused', async () => {
    const { anna, bert, life, pass, peer } = await startTwo({});
    anna.call(1);
    bert.call(1);
    ask(life, 7);
    await pass(limits.upstreamHangMs + 2 * limits.sseKeepAliveMs);
    expect(life.answers()).toMatchObject([{ id: 7, error: { code: -32_601 } }]);
    expect([anna.seen, bert.seen, peer.lives.length]).toEqual([[], [], 1]);
  });

  it('a question that is held and taken back is never asked', async () => {
    const { anna, bert, life } = await startTwo({});
    anna.call(1, 'tools/call', { name: 'a' });
    bert.call(1, 'tools/call', { name: 'b' });
    ask(life, 7);
    life.say({ method: 'notifications/cancelled', params: { requestId: 7 } });
    finish(life, 'a');
    expect([bert.seen, life.answers()]).toEqual([[], []]);
  });

  it.each(['cancel', 'leave'])(
    'a question that is held while one of them ends by %s is never asked of the other',
    async (how) => {
      const { relay, anna, bert, life } = await startTwo({});
      anna.call(1);
      bert.call(1);
      ask(life, 7);
      if (how === 'cancel') anna.cancel(1);
      else relay.detach(anna);
      const error = { code: -32_601, message: 'it is not clear whom to ask' };
      expect(life.answers()).toEqual([{ jsonrpc: '2.0', id: 7, error }]);
      expect([anna.seen, bert.seen]).toEqual([[], []]);
    },
  );

  it('a held question whose server dies is never asked', async () => {
    const { anna, bert, life, peer, pass } = await startTwo({});
    anna.call(1);
    bert.call(1);
    ask(life, 7);
    life.end();
    await pass(limits.upstreamBackoffMs + 1);
    expect(peer.lives.length).toBe(2);
    const again = bert.call(2);
    expect([again.questions, peer.life.answers()]).toEqual([[], []]);
  });

  it('a page that a held question names is known as its client’s', async () => {
    const { anna, bert, life } = await startTwo({});
    anna.call(1, 'tools/call', { name: 'a' });
    bert.call(1, 'tools/call', { name: 'b' });
    life.say({ id: 7, method: 'elicitation/create', params: { mode: 'url', elicitationId: 'e' } });
    finish(life, 'a');
    life.say({ method: 'notifications/elicitation/complete', params: { elicitationId: 'e' } });
    expect(bert.told).toMatchObject([{ method: 'notifications/elicitation/complete' }]);
    expect(anna.told).toEqual([]);
  });

  it('two calls of one client are its own: it is asked at once', async () => {
    const { anna, life } = await startTwo({});
    anna.call(1);
    const second = anna.call(2);
    ask(life, 7);
    expect(second.questions).toMatchObject([{ method: 'roots/list' }]);
  });
});

describe('calls after the first question', () => {
  it('run one at a time, in the order in which they came', async () => {
    const { anna, bert, life } = await startTwo({});
    anna.call(1, 'tools/call', { name: 'first' });
    ask(life, 7);
    bert.call(1, 'tools/call', { name: 'second' });
    anna.call(2, 'tools/call', { name: 'third' });
    bert.call(2, 'tools/call', { name: 'fourth' });
    expect(calls(life)).toEqual(['first']);
    for (const name of ['first', 'second', 'third', 'fourth']) {
      expect(calls(life).at(-1)).toBe(name);
      finish(life, name);
    }
  });

  it('those that were under way at the first question end before the next begins', async () => {
    const { anna, bert, life } = await startTwo({});
    anna.call(1, 'tools/call', { name: 'a' });
    bert.call(1, 'tools/call', { name: 'b' });
    ask(life, 7);
    anna.call(2, 'tools/call', { name: 'c' });
    finish(life, 'b');
    expect(calls(life)).toEqual(['a', 'b']);
    finish(life, 'a');
    expect(calls(life)).toEqual(['a', 'b', 'c']);
  });

  it.each(NEVER_WAIT)(
    '%s never waits, and is never taken for the one that caused a question',
    async (method, params) => {
      const { anna, bert, life } = await startTwo();
      const made = anna.call(1);
      const list = bert.call(1, method, params);
      expect(life.requests(method).length).toBe(1);
      ask(life, 7);
      expect([made.questions.length, list.questions, bert.told]).toEqual([1, [], []]);
    },
  );

  it('a cancelled call gives its turn up, whether it is under way or waits', async () => {
    const { anna, bert, life } = await startTwo();
    const first = anna.call(1, 'tools/call', { name: 'first' });
    const second = bert.call(1, 'tools/call', { name: 'second' });
    bert.call(2, 'tools/call', { name: 'third' });
    bert.cancel(1);
    anna.cancel(1, 'enough');
    expect(calls(life)).toEqual(['first', 'third']);
    const params = { requestId: life.requests('tools/call')[0]!.id, reason: 'enough' };
    expect(life.notices('notifications/cancelled').map((each) => each.params)).toEqual([params]);
    expect([first.isAbandoned, second.isAbandoned, first.response]).toEqual([true, true, undefined]);
  });

  it('a client that leaves gives up all its turns', async () => {
    const { relay, anna, bert, life } = await startTwo();
    anna.call(1, 'tools/call', { name: 'first' });
    anna.call(2, 'tools/call', { name: 'second' });
    bert.call(1, 'tools/call', { name: 'third' });
    relay.detach(anna);
    expect(calls(life)).toEqual(['first', 'third']);
  });

  it('the next daemon knows it from the catalog', async () => {
    const first = await startTwo({});
    first.anna.call(1);
    ask(first.life, 7);
    expect(first.saved()).toMatchObject({ asksBack: true });
    const { anna, bert, life } = await startTwo({ kept: { ...first.saved()!, initialize: undefined } });
    anna.call(1, 'tools/call', { name: 'a' });
    bert.call(1, 'tools/call', { name: 'b' });
    expect(calls(life)).toEqual(['a']);
  });

  it('a ping of the server is no question', async () => {
    const { anna, bert, life } = await startTwo({});
    life.say({ id: 7, method: 'ping' });
    expect(life.answers()).toEqual([{ jsonrpc: '2.0', id: 7, result: {} }]);
    anna.call(1);
    bert.call(1);
    expect(calls(life).length).toBe(2);
  });

  it('who has the server alone never waits', async () => {
    const exclusive = { protocolVersion: '2025-06-18', capabilities: { roots: {} }, clientInfo: {} };
    const { peer, join } = await startRelay({ exclusive });
    const anna = join('a');
    anna.call(1);
    ask(peer.life, 7);
    anna.call(2);
    expect(calls(peer.life).length).toBe(2);
    expect(peer.life.requests('initialize')[0]!.params).toEqual(exclusive);
  });
});

describe('a call that is parked', () => {
  it('lets another grant have its turn after a moment, and goes on when that is over', async () => {
    const { relay, anna, bert, life, pass } = await startTwo();
    anna.call(1, 'tools/call', { name: 'first' });
    ask(life, 6);
    const second = bert.call(1, 'tools/call', { name: 'second' });
    relay.park(anna, 1);
    ask(life, 66);
    expect([anna.seen.length, second.questions.length]).toEqual([2, 0]);
    await pass(limits.parkedTurnMs);
    ask(life, 7);
    expect(second.questions.length).toBe(1);
    let isOn = false;
    relay.resume(anna, 1, () => {
      isOn = true;
    });
    expect(isOn).toBe(false);
    finish(life, 'second');
    expect(isOn).toBe(true);
  });

  it('keeps its turn for as long as its client is there', async () => {
    const { relay, anna, bert, life, pass } = await startTwo();
    const leave = relay.attend('a');
    anna.call(1, 'tools/call', { name: 'first' });
    ask(life, 6);
    relay.park(anna, 1);
    const second = bert.call(1, 'tools/call', { name: 'second' });
    await pass(limits.parkedTurnMs * 2);
    ask(life, 7);
    expect([anna.seen.length, second.questions.length]).toEqual([2, 0]);
    leave();
    ask(life, 8);
    expect([anna.seen.length, second.questions.length]).toEqual([2, 1]);
  });

  it.each(['listens', 'does not'])(
    'keeps nobody of its own grant waiting, whether that %s',
    async (listens) => {
      const { relay, peer, join } = await startRelay();
      if (listens === 'listens') relay.attend('a');
      const [one, two] = [join('a'), join('a')];
      one.call(1, 'tools/call', { name: 'first' });
      ask(peer.life, 6);
      relay.park(one, 1);
      const second = two.call(1, 'tools/call', { name: 'second' });
      ask(peer.life, 7);
      expect([one.seen.length, second.questions.length]).toEqual([1, 1]);
      let isOn = false;
      relay.resume(one, 1, () => {
        isOn = true;
      });
      expect(isOn).toBe(false);
      finish(peer.life, 'second');
      expect(isOn).toBe(true);
    },
  );

  it('and still talks, while another one is served: that is nobody’s', async () => {
    const { relay, anna, bert, life, pass } = await startTwo();
    anna.call(1);
    relay.park(anna, 1);
    bert.call(1);
    await pass(limits.parkedTurnMs);
    life.say({ method: 'notifications/message', params: { data: 'whose?' } });
    expect([anna.seen, bert.seen]).toEqual([[], []]);
  });

  it('is asked once more while nobody else is served; of two neither is', async () => {
    const { relay, anna, bert, life, pass } = await startTwo();
    const first = anna.call(1, 'tools/call', { name: 'first' });
    relay.park(anna, 1);
    ask(life, 7);
    expect(first.questions.length).toBe(1);
    await pass(limits.parkedTurnMs);
    bert.call(1, 'tools/call', { name: 'second' });
    relay.park(bert, 1);
    await pass(limits.parkedTurnMs);
    ask(life, 8);
    expect([anna.seen.length, bert.seen]).toEqual([1, []]);
  });
});
