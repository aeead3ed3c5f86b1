import { describe, expect, it } from 'vitest';
import { limits } from '../../../src/limits.ts';
import { type Answer, createScriptedPeer, INITIALIZED, type ScriptedPeer } from './scripted-peer.ts';
import { type ScriptedClient, type Started, startRelay } from './start-relay.ts';

const SECOND = 1_000;
const ENDED = { code: -32_603, message: 'the server scripted ended during the call' };
const NOT_STARTED = {
  code: -32_603,
  message: 'the server scripted did not start; claude-secure status tells why',
};
const CHANGES = ['tools', 'prompts', 'resources'].map((what) => `notifications/${what}/list_changed`);

const methodsOf = ({ told }: ScriptedClient): unknown[] => told.map(({ method }) => method);

/** When each start was made, on the clock of the test. */
function createTimedPeer(answer?: () => Answer): { peer: ScriptedPeer; startedMs: number[] } {
  const startedMs: number[] = [];
  const note = (): void => void startedMs.push(performance.now());
  return { startedMs, peer: createScriptedPeer(answer, note) };
}

/** Lets a server end each time it is up, for so long. */
async function crashOnAndOn({ peer, pass }: Started, milliseconds: number): Promise<void> {
  for (let left = milliseconds; left > 0; left -= SECOND / 10) {
    await pass(SECOND / 10);
    peer.life.end();
  }
}

describe('R54: a server that ends in mid-call', () => {
  it('answers that call at once, and no other server’s', async () => {
    const [one, other] = [await startRelay(), await startRelay()];
    const made = one.join('a').call('same');
    const elsewhere = other.join('a').call('same');
    one.peer.life.end();
    expect(made.response).toEqual({ jsonrpc: '2.0', id: 'same', error: ENDED });
    expect(elsewhere.response).toBeUndefined();
    other.peer.life.result(other.peer.life.requests('tools/call')[0]!.id, 'fine');
    expect(elsewhere.response).toEqual({ jsonrpc: '2.0', id: 'same', result: 'fine' });
  });

  it('what waited for its turn goes to the next process, in order', async () => {
    const kept = { initialize: undefined, lists: {}, asksBack: true };
    const { peer, join, pass } = await startRelay({ kept });
    const [anna, bert] = [join('a'), join('b')];
    const first = anna.call(1);
    const second = bert.call(1, 'tools/call', { name: 'second' });
    const third = anna.call(2, 'tools/call', { name: 'third' });
    peer.life.end();
    expect([first.response, second.response, third.response]).toEqual([
      { jsonrpc: '2.0', id: 1, error: ENDED },
      undefined,
      undefined,
    ]);
    await pass(limits.upstreamBackoffMs + 1);
    const sent = () => peer.life.requests('tools/call').map(({ params }) => params?.name);
    expect([peer.lives.length, sent()]).toEqual([2, ['second']]);
    peer.life.result(peer.life.requests('tools/call')[0]!.id, 2);
    expect(sent()).toEqual(['second', 'third']);
    expect(second.response).toEqual({ jsonrpc: '2.0', id: 1, result: 2 });
  });

  it('late answers of the process that ended are nobody’s', async () => {
    const { peer, join, pass } = await startRelay();
    const anna = join('a');
    anna.call(1);
    const [old] = peer.lives;
    const { id } = old!.requests('tools/call')[0]!;
    old!.end();
    await pass(limits.upstreamBackoffMs + 1);
    const made = anna.call(2);
    old!.result(peer.life.requests('tools/call')[0]!.id, 'stale');
    old!.result(id, 'stale');
    old!.say({ id: 7, method: 'roots/list' });
    old!.say({ method: 'notifications/message', params: { data: 'stale' } });
    old!.end('again');
    expect([made.response, made.notes, made.questions]).toEqual([undefined, [], []]);
    expect(peer.lives.length).toBe(2);
  });

  it('comes back behind the sessions that live on, with levels and subscriptions, and says that lists may differ', async () => {
    const { relay, peer, join, pass } = await startRelay();
    const [anna, bert] = [join('a'), join('b')];
    anna.call(1, 'logging/setLevel', { level: 'warning' });
    bert.call(1, 'logging/setLevel', { level: 'debug' });
    for (const client of [anna, bert]) client.call(2, 'resources/subscribe', { uri: 'u' });
    anna.call(3, 'resources/subscribe', { uri: 'v' });
    anna.call(4, 'resources/unsubscribe', { uri: 'v' });
    peer.life.end();
    await pass(limits.upstreamBackoffMs + 1);
    expect(peer.life.received.map((each) => 'method' in each && [each.method, each.params])).toEqual([
      ['initialize', peer.lives[0]!.requests('initialize')[0]!.params],
      ['notifications/initialized', undefined],
      ['logging/setLevel', { level: 'debug' }],
      ['resources/subscribe', { uri: 'u' }],
    ]);
    expect([methodsOf(anna), methodsOf(bert)]).toEqual([CHANGES, CHANGES]);
    expect(relay.report()).toMatchObject({ state: 'running', restarts: 1, pid: 2 });
    peer.life.say({ method: 'notifications/resources/updated', params: { uri: 'u' } });
    expect([methodsOf(anna).length, methodsOf(bert).length]).toEqual([4, 4]);
  });

  it('stays down while nobody misses it, and starts for the next call', async () => {
    const { relay, peer, join, pass } = await startRelay();
    const anna = join('a');
    relay.detach(anna);
    peer.life.end('ended with code 3');
    await pass(limits.upstreamIdleMs);
    expect([peer.lives.length, relay.report()]).toMatchObject([
      1,
      { state: 'stopped', pid: undefined, lastError: 'ended with code 3', restarts: 0 },
    ]);
    join('b').call(1);
    await pass(1);
    expect(peer.lives.length).toBe(2);
  });
});

describe('R54: back-off', () => {
  it('restarts come after 1, 2, 4 … 60 s, and are five at most in a minute', async () => {
    const { peer, startedMs } = createTimedPeer();
    const started = await startRelay({ peer });
    started.join('a');
    await crashOnAndOn(started, 360 * SECOND);
    const waits = startedMs.slice(1).map((at, index) => (at - startedMs[index]!) / SECOND);
    expect(waits.map(Math.floor)).toEqual([1, 2, 4, 8, 16, 32, 60, 60, 60, 60]);
    for (const from of startedMs) {
      const inMinute = startedMs.slice(1).filter((at) => at >= from && at < from + 60 * SECOND);
      expect(inMinute.length).toBeLessThanOrEqual(5);
    }
  });

  it('calls do not make it start any earlier', async () => {
    const { peer, startedMs } = createTimedPeer(() => ({ error: { code: -1, message: 'no' } }));
    const { join, pass } = await startRelay({ peer, isLazy: true });
    const anna = join('a');
    for (let second = 0, id = 0; second < 60; second++) {
      for (let call = 0; call < 3; call++) anna.call(++id);
      await pass(SECOND);
    }
    expect(startedMs.length).toBeLessThanOrEqual(6);
  });

  it('a process that lived for a minute begins anew', async () => {
    const { peer, startedMs } = createTimedPeer();
    const started = await startRelay({ peer });
    started.join('a');
    await crashOnAndOn(started, 5 * SECOND);
    await started.pass(limits.upstreamHealthyMs + 10 * SECOND);
    const endedMs = performance.now();
    peer.life.end();
    await started.pass(2 * SECOND);
    expect(Math.floor(startedMs.at(-1)! - endedMs)).toBeLessThanOrEqual(limits.upstreamBackoffMs + 1);
  });

  it('a call waits for a restart that is near, and fails at once before one that is not', async () => {
    const { relay, peer, join, pass } = await startRelay();
    const anna = join('a');
    peer.life.end();
    const patient = anna.call(1);
    await pass(limits.upstreamBackoffMs + 1);
    expect([peer.lives.length, patient.response]).toEqual([2, undefined]);
    peer.life.end();
    await pass(2 * SECOND + 1);
    peer.life.end();
    await pass(4 * SECOND + 1);
    peer.life.end('ended with code 9');
    const hopeless = anna.call(2);
    await pass(0);
    expect(hopeless.response).toEqual({ jsonrpc: '2.0', id: 2, error: NOT_STARTED });
    expect(relay.report()).toMatchObject({ state: 'waiting', lastError: 'ended with code 9', restarts: 3 });
    await pass(8 * SECOND - limits.upstreamPatienceMs);
    const late = anna.call(3);
    await pass(limits.upstreamPatienceMs + 1);
    peer.life.result(peer.life.requests('tools/call')[0]!.id, 'back');
    expect(late.response).toEqual({ jsonrpc: '2.0', id: 3, result: 'back' });
  });

  it('a call and the revival that come together start one process', async () => {
    const { peer, join, pass } = await startRelay();
    const anna = join('a');
    for (const waitMs of [1, limits.upstreamBackoffMs / 2, limits.upstreamBackoffMs - 1]) {
      const before = peer.lives.length;
      peer.life.end();
      await pass(waitMs);
      anna.call(before);
      await pass(2 * limits.upstreamHealthyMs);
      expect(peer.lives.length).toBe(before + 1);
    }
  });
});

describe('R54: a start that fails', () => {
  async function expectFailure(peer: ScriptedPeer, reason: string, afterMs = 1): Promise<void> {
    const { relay, join, pass, logged } = await startRelay({ peer, isLazy: true });
    const made = join('a').call(1);
    const initializing = relay.initialize().catch((error: Error) => error.message);
    await pass(afterMs);
    expect(made.response).toEqual({ jsonrpc: '2.0', id: 1, error: NOT_STARTED });
    expect(await initializing).toBe(reason);
    expect(relay.report()).toMatchObject({ state: 'waiting', lastError: reason });
    expect(logged).toContainEqual({ event: 'upstream.failed', fields: { upstream: 'scripted', reason } });
    expect(peer.lives.every(({ isClosed }) => isClosed)).toBe(true);
  }

  const answering = (given: Answer): ScriptedPeer =>
    createScriptedPeer(({ method }) => (method === 'initialize' ? given : undefined));

  it('the command does not exist', () =>
    expectFailure(
      createScriptedPeer(undefined, () => Promise.reject(new Error('no such command'))),
      'no such command',
    ));

  it('it refuses initialize', () =>
    expectFailure(answering({ error: { code: -1, message: 'not you' } }), 'refused: not you'));

  it('R55: it refuses initialize and quotes what it was started with', async () => {
    const peer = answering({ error: { code: -1, message: 'the key secret is not valid' } });
    const { relay, pass, logged } = await startRelay({ peer, isLazy: true });
    await Promise.all([expect(relay.initialize()).rejects.toThrow('refused'), pass(0)]);
    expect(relay.report().lastError).toBe('refused: the key [redacted] is not valid');
    expect(JSON.stringify(logged)).not.toContain('secret');
  });

  it('it refuses initialize at great length: that costs no time, and one line of status', async () => {
    const message = `no\n\n${'eyJ'.repeat(2_000_000)}`;
    const { relay, pass } = await startRelay({
      peer: answering({ error: { code: -1, message } }),
      isLazy: true,
    });
    await Promise.all([expect(relay.initialize()).rejects.toThrow('refused'), pass(0)]);
    expect(relay.report().lastError).toMatch(/^refused: no (eyJ)+.{0,2}$/);
    expect(relay.report().lastError).toHaveLength(499);
  });

  it.each(['1999-01-01', '2026-07-28', undefined, 1, {}])(
    'it speaks another protocol: %j',
    (protocolVersion) =>
      expectFailure(
        answering({ result: { ...INITIALIZED, protocolVersion } }),
        `speaks another protocol (version ${JSON.stringify(protocolVersion)})`,
      ),
  );

  it.each([undefined, null, [], 'all'])('it has capabilities of %j', (capabilities) =>
    expectFailure(answering({ result: { ...INITIALIZED, capabilities } }), 'sent no capabilities'),
  );

  it.each([null, 'text', [1]])('its result is %j', (result) =>
    expectFailure(answering({ result }), 'speaks another protocol (version undefined)'),
  );

  it('it never answers', () =>
    expectFailure(answering('silence'), 'did not answer initialize within 60 s', limits.upstreamStartMs + 1));

  it('it ends in the middle of it', async () => {
    const peer = createScriptedPeer(({ method }, life) => {
      if (method === 'initialize') life.end('ended with code 1');
      return 'silence';
    });
    const { relay, join, pass } = await startRelay({ peer, isLazy: true });
    const made = join('a').call(1);
    await pass(1);
    expect(made.response).toEqual({ jsonrpc: '2.0', id: 1, error: NOT_STARTED });
    expect(relay.report()).toMatchObject({ state: 'waiting', lastError: 'ended with code 1' });
  });

  it('it ends right behind its answer: it is not taken for one that is up', async () => {
    const peer = createScriptedPeer(({ method }, life) => {
      if (method !== 'initialize' || peer.lives.length > 1) return undefined;
      queueMicrotask(() => life.end('ended with code 1'));
      return { result: INITIALIZED };
    });
    const { relay, join, pass } = await startRelay({ peer, isLazy: true });
    const anna = join('a');
    anna.call(1);
    await pass(1);
    expect(relay.report()).toMatchObject({ state: 'waiting', pid: undefined });
    await pass(limits.upstreamBackoffMs + 1);
    expect(relay.report()).toMatchObject({ state: 'running', pid: 2 });
    anna.call(2);
    expect(peer.life.requests('tools/call').length).toBe(1);
  });

  it('it is tried again, for the sessions that wait for it', async () => {
    let isBroken = true;
    const peer = createScriptedPeer(({ method }) =>
      method === 'initialize' && isBroken ? { error: { code: -1, message: 'no' } } : undefined,
    );
    const { relay, join, pass } = await startRelay({ peer, isLazy: true });
    join('a').call(1);
    await pass(10 * SECOND);
    isBroken = false;
    await pass(10 * SECOND);
    expect(relay.report().state).toBe('running');
  });
});

describe('the end of a server that is not needed', () => {
  it('comes after half an hour without a client, and only then', async () => {
    const { relay, peer, join, pass } = await startRelay();
    const anna = join('a');
    await pass(2 * limits.upstreamIdleMs);
    expect(peer.life.isClosed).toBe(false);
    relay.detach(anna);
    await pass(limits.upstreamIdleMs - limits.sseKeepAliveMs);
    expect(peer.life.isClosed).toBe(false);
    await pass(3 * limits.sseKeepAliveMs);
    expect([peer.life.isClosed, relay.report()]).toMatchObject([
      true,
      { state: 'stopped', lastError: undefined },
    ]);
    join('b').call(1);
    await pass(1);
    expect([peer.lives.length, relay.report().restarts]).toEqual([2, 0]);
  });

  it('does not come while somebody waits for changes', async () => {
    const { relay, peer, pass } = await startRelay();
    const stop = relay.watch(() => undefined);
    await pass(2 * limits.upstreamIdleMs);
    expect(peer.life.isClosed).toBe(false);
    stop();
    await pass(2 * limits.sseKeepAliveMs);
    expect(peer.life.isClosed).toBe(true);
  });

  it('closing answers every call, ends the process and starts none', async () => {
    const { relay, peer, join, pass } = await startRelay();
    const anna = join('a');
    const made = anna.call(1);
    await relay.close();
    expect([made.response, peer.life.isClosed]).toEqual([{ jsonrpc: '2.0', id: 1, error: ENDED }, true]);
    const late = anna.call(2);
    await pass(limits.upstreamHealthyMs);
    expect([late.response, peer.lives.length]).toEqual([{ jsonrpc: '2.0', id: 2, error: NOT_STARTED }, 1]);
  });

  it('closing while it starts leaves no process', async () => {
    let release = (): void => {};
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    const peer = createScriptedPeer(undefined, () => gate);
    const { relay, join, pass } = await startRelay({ peer, isLazy: true });
    const made = join('a').call(1);
    await pass(1);
    await relay.close();
    release();
    await pass(limits.upstreamHealthyMs);
    expect(made.response).toEqual({ jsonrpc: '2.0', id: 1, error: NOT_STARTED });
    expect(peer.lives.map(({ isClosed }) => isClosed)).toEqual([true]);
  });
});
