import { describe, expect, it } from 'vitest';
import { limits } from '../../../src/limits.ts';
import { createScriptedPeer, INITIALIZED, type Life } from './scripted-peer.ts';
import { type ScriptedClient, startRelay } from './start-relay.ts';

async function startTwo() {
  const started = await startRelay();
  const { peer, join } = started;
  return { ...started, anna: join('a'), bert: join('b'), life: peer.life };
}

const subscribe = (client: ScriptedClient, uri: string) => client.call(uri, 'resources/subscribe', { uri });
const unsubscribe = (client: ScriptedClient, uri: string) =>
  client.call(uri, 'resources/unsubscribe', { uri });
const update = (life: Life, uri: string): void =>
  life.say({ method: 'notifications/resources/updated', params: { uri, 'x-unknown': 1 } });
const updated = (uri: string) => ({
  jsonrpc: '2.0',
  method: 'notifications/resources/updated',
  params: { uri, 'x-unknown': 1 },
});
const urisOf = (life: Life, method: string): unknown[] =>
  life.requests(`resources/${method}`).map(({ params }) => params?.uri);

describe('subscriptions', () => {
  it('are one at the server for all clients, and each client’s own here', async () => {
    const { anna, bert, life } = await startTwo();
    const made = [subscribe(anna, 'u'), subscribe(bert, 'u'), subscribe(bert, 'v')];
    expect(made.map(({ response }) => response)).toEqual([
      { jsonrpc: '2.0', id: 'u', result: {} },
      { jsonrpc: '2.0', id: 'u', result: {} },
      { jsonrpc: '2.0', id: 'v', result: {} },
    ]);
    expect(urisOf(life, 'subscribe')).toEqual(['u', 'v']);
    for (const uri of ['u', 'v', 'w', '__proto__']) update(life, uri);
    expect([anna.told, bert.told]).toEqual([[updated('u')], [updated('u'), updated('v')]]);
  });

  it('only the last one to leave tells the server', async () => {
    const { anna, bert, life } = await startTwo();
    for (const client of [anna, bert]) subscribe(client, 'u');
    expect(unsubscribe(anna, 'u').response).toEqual({ jsonrpc: '2.0', id: 'u', result: {} });
    expect(unsubscribe(anna, 'u').response).toEqual({ jsonrpc: '2.0', id: 'u', result: {} });
    expect(urisOf(life, 'unsubscribe')).toEqual([]);
    update(life, 'u');
    expect([anna.told, bert.told.length]).toEqual([[], 1]);
    unsubscribe(bert, 'u');
    expect(urisOf(life, 'unsubscribe')).toEqual(['u']);
    update(life, 'u');
    expect(bert.told.length).toBe(1);
  });

  it('nobody can end what only another one has', async () => {
    const { anna, bert, life } = await startTwo();
    subscribe(anna, 'u');
    expect(unsubscribe(bert, 'u').response).toEqual({ jsonrpc: '2.0', id: 'u', result: {} });
    expect(urisOf(life, 'unsubscribe')).toEqual([]);
    update(life, 'u');
    expect(anna.told.length).toBe(1);
  });

  it('a client that leaves takes its own along', async () => {
    const { relay, anna, bert, life } = await startTwo();
    for (const uri of ['u', 'v']) subscribe(anna, uri);
    subscribe(bert, 'v');
    relay.detach(anna);
    expect(urisOf(life, 'unsubscribe')).toEqual(['u']);
    update(life, 'v');
    expect([anna.told, bert.told.length]).toEqual([[], 1]);
  });

  it('R52: the 101st is an error and never reaches the server; another client has its own hundred', async () => {
    const { anna, bert, life } = await startTwo();
    for (let number = 0; number < limits.subscriptions; number++) subscribe(anna, `u${number}`);
    const error = { code: -32_602, message: 'too many subscriptions' };
    expect(subscribe(anna, 'more').response).toEqual({ jsonrpc: '2.0', id: 'more', error });
    expect(urisOf(life, 'subscribe').length).toBe(limits.subscriptions);
    expect(subscribe(bert, 'more').response).toMatchObject({ result: {} });
    unsubscribe(anna, 'u0');
    expect(subscribe(anna, 'more').response).toMatchObject({ result: {} });
  });

  it('of an earlier daemon are made again, with the level, when the client listens', async () => {
    const peer = createScriptedPeer();
    const { relay, pass } = await startRelay({ peer, isLazy: true });
    const told: unknown[] = [];
    const tell = (message: unknown): boolean => told.push(message) > 0;
    const back = { grantId: 'a', capabilities: {}, inFlight: new Map(), tell, isListening: () => true };
    relay.wake();
    await pass(1);
    expect(peer.lives).toEqual([]);
    relay.attach(back, { logLevel: 'debug', subscriptions: ['u', 'v'] });
    relay.wake();
    await pass(1);
    expect(urisOf(peer.life, 'subscribe')).toEqual(['u', 'v']);
    expect(peer.life.requests('logging/setLevel').map(({ params }) => params)).toEqual([{ level: 'debug' }]);
    update(peer.life, 'v');
    expect(told.at(-1)).toEqual(updated('v'));
    expect(relay.stateOf(back)).toEqual({ logLevel: 'debug', subscriptions: ['u', 'v'] });
  });

  it('one that the server refused is none', async () => {
    const error = { code: -32_002, message: 'no such resource', data: { uri: 'u' } };
    const peer = createScriptedPeer(({ method }) =>
      method === 'resources/subscribe' ? { error } : undefined,
    );
    const { join } = await startRelay({ peer });
    const anna = join('a');
    expect(subscribe(anna, 'u').response).toEqual({ jsonrpc: '2.0', id: 'u', error });
    update(peer.life, 'u');
    expect(anna.told).toEqual([]);
  });
});

describe('log levels', () => {
  const setLevel = (client: ScriptedClient, level: string) =>
    client.call(level, 'logging/setLevel', { level });
  const levelsOf = (life: Life): unknown[] =>
    life.requests('logging/setLevel').map(({ params }) => params?.level);

  /** What the client gets of a call's log at these levels. */
  function logged(client: ScriptedClient, life: Life, levels: readonly unknown[]): unknown[] {
    const made = client.call('call', 'tools/call', {});
    for (const level of levels) life.say({ method: 'notifications/message', params: { level, data: 1 } });
    life.result(life.requests('tools/call').at(-1)!.id, {});
    return made.notes.map(({ params }) => params?.level);
  }

  const ALL = ['debug', 'info', 'notice', 'warning', 'error', 'critical', 'alert', 'emergency'];

  it('while nobody has chosen, everything passes', async () => {
    const { anna, life } = await startTwo();
    expect(logged(anna, life, [...ALL, 'custom', undefined])).toEqual([...ALL, 'custom', undefined]);
  });

  it('the server has the most talkative, each client its own, who has none info and up', async () => {
    const { anna, bert, life, join } = await startTwo();
    const cleo = join('c');
    const made = [setLevel(anna, 'warning'), setLevel(bert, 'debug'), setLevel(anna, 'error')];
    expect(made.map(({ response }) => response)).toEqual([
      { jsonrpc: '2.0', id: 'warning', result: {} },
      { jsonrpc: '2.0', id: 'debug', result: {} },
      { jsonrpc: '2.0', id: 'error', result: {} },
    ]);
    expect(levelsOf(life)).toEqual(['warning', 'debug']);
    expect(logged(anna, life, ALL)).toEqual(ALL.slice(ALL.indexOf('error')));
    expect(logged(bert, life, ALL)).toEqual(ALL);
    expect(logged(cleo, life, ALL)).toEqual(ALL.slice(ALL.indexOf('info')));
    expect(logged(anna, life, ['custom', undefined])).toEqual(['custom', undefined]);
  });

  it('a stateless request may ask for more, and never makes it less', async () => {
    const { relay, anna, life } = await startTwo();
    for (const level of ['warning', 'debug', 'error', 'loud']) relay.raiseLogLevel(level);
    expect(levelsOf(life)).toEqual(['warning', 'debug']);
    expect(logged(anna, life, ['debug', 'info'])).toEqual(['info']);
  });

  it('a log while calls of two are under way is nobody’s', async () => {
    const { anna, bert, life } = await startTwo();
    anna.call(1);
    bert.call(1);
    life.say({ method: 'notifications/message', params: { level: 'error', data: 'whose?' } });
    expect([anna.seen, bert.seen]).toEqual([[], []]);
  });

  it('a level that there is not, or that the server does not know of, is the server’s to refuse', async () => {
    const error = { code: -32_602, message: 'no such level' };
    const { logging: _, ...capabilities } = INITIALIZED.capabilities;
    const peer = createScriptedPeer(({ method }) => {
      if (method === 'initialize') return { result: { ...INITIALIZED, capabilities } };
      return method === 'logging/setLevel' ? { error } : undefined;
    });
    const { join } = await startRelay({ peer });
    const anna = join('a');
    expect(setLevel(anna, 'loud').response).toEqual({ jsonrpc: '2.0', id: 'loud', error });
    expect(setLevel(anna, 'debug').response).toEqual({ jsonrpc: '2.0', id: 'debug', error });
  });
});

describe('changed lists', () => {
  it.each(['tools', 'prompts', 'resources'])('of %s are told to every client', async (what) => {
    const { anna, bert, life } = await startTwo();
    const method = `notifications/${what}/list_changed`;
    life.say({ method, params: { _meta: { 'x-unknown': 1 } } });
    const told = { jsonrpc: '2.0', method, params: { _meta: { 'x-unknown': 1 } } };
    expect([anna.told, bert.told]).toEqual([[told], [told]]);
  });

  it('reach whoever watches, with updates, until they stop', async () => {
    const { relay, life } = await startTwo();
    const seen: unknown[] = [];
    const stop = relay.watch(({ method }) => seen.push(method));
    life.say({ method: 'notifications/tools/list_changed' });
    update(life, 'u');
    stop();
    life.say({ method: 'notifications/tools/list_changed' });
    expect(seen).toEqual(['notifications/tools/list_changed', 'notifications/resources/updated']);
  });
});
