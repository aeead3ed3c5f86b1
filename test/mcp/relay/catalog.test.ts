import { describe, expect, it } from 'vitest';
import { limits } from '../../../src/limits.ts';
import type { Params } from '../../../src/mcp/json-rpc.ts';
import { type CatalogRecord, createCatalog } from '../../../src/mcp/relay/catalog.ts';
import { type Answer, createScriptedPeer, INITIALIZED, type ScriptedPeer } from './scripted-peer.ts';
import { type ScriptedClient, startRelay } from './start-relay.ts';

const tool = (name: string) => ({ name, inputSchema: { type: 'object' }, 'x-unknown': [1] });

/** A server whose lists have these pages; a cursor is the number of the next one. */
function createListing(pagesOf: Record<string, readonly Params[]>): ScriptedPeer {
  return createScriptedPeer(({ method, params }): Answer => {
    const pages = pagesOf[method];
    if (!pages) return undefined;
    const index = Number(params?.cursor ?? 0);
    const isLast = index === pages.length - 1;
    return { result: { ...pages[index], ...(!isLast && { nextCursor: String(index + 1) }) } };
  });
}

/** Every page of a list, as a client walks through them. */
function walk(client: ScriptedClient, method = 'tools/list'): unknown[] {
  const pages: unknown[] = [];
  let cursor: unknown;
  do {
    const { response } = client.call(`page ${pages.length}`, method, cursor === undefined ? {} : { cursor });
    if (!response || !('result' in response)) throw new Error(`no page: ${JSON.stringify(response)}`);
    pages.push(response.result);
    cursor = (response.result as Params).nextCursor;
  } while (cursor !== undefined);
  return pages;
}

/** What an earlier daemon kept of a server with these pages. */
async function keep(pagesOf: Record<string, readonly Params[]>): Promise<CatalogRecord> {
  const { join, saved } = await startRelay({ peer: createListing(pagesOf) });
  for (const method of Object.keys(pagesOf)) walk(join('before'), method);
  return saved()!;
}

const TWO_PAGES = [{ tools: [tool('one')] }, { tools: [tool('two')], 'x-unknown': 1 }];

/** A later daemon with that catalog, before a server that may have changed. */
async function startLater(kept: CatalogRecord, pagesOf: Record<string, readonly Params[]>) {
  const started = await startRelay({ kept, peer: createListing(pagesOf), isLazy: true });
  return { ...started, anna: started.join('a'), bert: started.join('b') };
}

const changesOf = ({ told }: ScriptedClient): unknown[] => told.map(({ method }) => method);

describe('lists of a server that does not run', () => {
  it('are served page by page without starting it, and so is its answer to initialize', async () => {
    const { relay, peer, anna, pass } = await startLater(await keep({ 'tools/list': TWO_PAGES }), {});
    expect(await relay.initialize()).toEqual(INITIALIZED);
    expect(walk(anna)).toEqual([{ ...TWO_PAGES[0], nextCursor: '1' }, TWO_PAGES[1]]);
    await pass(limits.upstreamStartMs);
    expect(peer.lives).toEqual([]);
  });

  it.each([
    ['a list that nobody asked for before', 'prompts/list', {}],
    ['a page that nobody asked for before', 'tools/list', { cursor: '9' }],
    ['a list with a filter', 'tools/list', { filter: 'x' }],
  ])('%s starts it', async (_, method, params) => {
    const { peer, anna, pass } = await startLater(await keep({ 'tools/list': TWO_PAGES }), {});
    anna.call(1, method, params);
    await pass(1);
    expect(peer.life.requests(method).map((each) => each.params)).toEqual([params]);
  });

  it('are checked at its first use: no word while nothing is different', async () => {
    const pages = { 'tools/list': TWO_PAGES, 'prompts/list': [{ prompts: [] }] };
    const { peer, anna, bert, pass } = await startLater(await keep(pages), pages);
    walk(anna);
    walk(anna, 'prompts/list');
    bert.call(1);
    await pass(1);
    expect(peer.life.requests('tools/list').length).toBeGreaterThan(0);
    expect(peer.life.requests('prompts/list').length).toBe(1);
    expect([changesOf(anna), changesOf(bert)]).toEqual([[], []]);
  });

  it('a page that was never kept is no difference', async () => {
    const { lists, ...kept } = await keep({ 'tools/list': TWO_PAGES });
    const first = '["tools/list",null]';
    const { anna, bert, pass } = await startLater(
      { ...kept, lists: { [first]: lists[first]! } },
      { 'tools/list': TWO_PAGES },
    );
    anna.call(1, 'tools/list', {});
    bert.call(1);
    await pass(1);
    expect([changesOf(anna), changesOf(bert)]).toEqual([[], []]);
  });

  it.each([
    ['the first page', [{ tools: [tool('other')] }, TWO_PAGES[1]]],
    ['a later page', [TWO_PAGES[0], { tools: [tool('other')] }]],
    ['the number of pages', [{ tools: [tool('one')] }]],
  ] as const)('%s is different: every client is told, and gets the new one', async (_, pages) => {
    const kept = await keep({ 'tools/list': TWO_PAGES });
    const { anna, bert, pass } = await startLater(kept, { 'tools/list': pages as readonly Params[] });
    walk(anna);
    bert.call(1);
    await pass(1);
    const change = 'notifications/tools/list_changed';
    expect([changesOf(anna), changesOf(bert)]).toEqual([[change], [change]]);
    expect(walk(anna).map((page) => (page as Params).tools)).toEqual(pages.map((page) => page?.tools));
  });

  it('a server whose pages never end is not asked for ever', async () => {
    const peer = createScriptedPeer(({ method }) =>
      method === 'tools/list' ? { result: { tools: [], nextCursor: 'again' } } : undefined,
    );
    const page = { tools: [], nextCursor: 'again' };
    const lists = { '["tools/list",null]': page, '["tools/list","again"]': page };
    const kept = { initialize: INITIALIZED, lists, asksBack: false };
    const { join, pass } = await startRelay({ kept, peer, isLazy: true });
    const anna = join('a');
    anna.call(1, 'tools/list', {});
    anna.call(2);
    await pass(1);
    expect(peer.life.requests('tools/list').length).toBeLessThan(5);
  });

  it('R54: pages without end fill 16 MiB and no more, and no old page stands in for one that is too long', async () => {
    const megabyte = 'x'.repeat(1_048_576);
    const peer = createScriptedPeer(({ method, params }) =>
      method === 'tools/list' ? { result: { tools: [], page: params?.cursor, megabyte } } : undefined,
    );
    const { join, saved } = await startRelay({ peer });
    const anna = join('a');
    for (let cursor = 0; cursor < 30; cursor++) anna.call(cursor, 'tools/list', { cursor: String(cursor) });
    expect(Object.keys(saved()!.lists).length).toBe(15);
    const catalog = createCatalog(saved(), () => undefined);
    const request = { method: 'tools/list', params: { cursor: '0' } };
    expect(catalog.keepList(request, { megabyte: megabyte.repeat(3) })).toBe(true);
    expect(catalog.list(request)).toBeUndefined();
    expect(catalog.keepList(request, { tools: [] })).toBe(true);
    expect(catalog.list(request)).toEqual({ tools: [] });
  });

  it('R52: a page that there is no room for writes nothing', () => {
    let saves = 0;
    const catalog = createCatalog(undefined, () => saves++);
    for (let cursor = 0; cursor < 200; cursor++) {
      catalog.keepList({ method: 'tools/list', params: { cursor: String(cursor) } }, { tools: [] });
    }
    expect(saves).toBe(100);
  });

  it('are forgotten when the server says that they have changed', async () => {
    const pages = { 'tools/list': TWO_PAGES, 'prompts/list': [{ prompts: [] }] };
    const { peer, anna, saved, pass } = await startLater(await keep(pages), pages);
    anna.call(1);
    await pass(1);
    peer.life.say({ method: 'notifications/tools/list_changed' });
    expect(Object.keys(saved()!.lists)).toEqual(['["prompts/list",null]']);
  });
});

describe('another definition', () => {
  it('makes a new start and a new catalog, and clients are told to look again', async () => {
    const kept = await keep({ 'tools/list': TWO_PAGES });
    const { relay, peer, anna, pass, saved } = await startLater(kept, {});
    anna.call(1);
    await pass(1);
    peer.life.result(peer.life.requests('tools/call')[0]!.id, {});
    relay.renew();
    expect(saved()).toEqual({ initialize: undefined, lists: {}, asksBack: false });
    await pass(1);
    expect(peer.lives.map(({ isClosed }) => isClosed)).toEqual([true, false]);
    expect(changesOf(anna)).toEqual([
      'notifications/tools/list_changed',
      'notifications/prompts/list_changed',
      'notifications/resources/list_changed',
    ]);
  });

  it('waits for the calls under way, and keeps nothing of what the old server still said', async () => {
    const { relay, peer, join, pass, saved } = await startRelay();
    const anna = join('a');
    const [one, two] = [anna.call(1), anna.call(2, 'tools/list', {})];
    relay.renew();
    const [old] = peer.lives;
    old!.result(old!.requests('tools/call')[0]!.id, 'old');
    await pass(1);
    expect([old!.isClosed, one.response]).toEqual([false, { jsonrpc: '2.0', id: 1, result: 'old' }]);
    old!.result(old!.requests('tools/list')[0]!.id, { tools: [tool('old')] });
    expect(two.response).toMatchObject({ result: { tools: [tool('old')] } });
    await pass(1);
    expect(old!.isClosed).toBe(true);
    expect(saved()!.lists).toEqual({});
    expect(peer.lives.length).toBe(2);
  });

  it('while the server starts: it starts again, with the new definition', async () => {
    let release = (): void => {};
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    const peer = createScriptedPeer(
      () => undefined,
      () => gate,
    );
    const { relay, join, pass } = await startRelay({ peer, isLazy: true });
    join('a');
    const initializing = relay.initialize().catch(String);
    await pass(1);
    relay.renew();
    release();
    await pass(1);
    expect(await initializing).toMatch('was stopped');
    expect(peer.lives.map(({ isClosed }) => isClosed)).toEqual([true, false]);
    expect(relay.report()).toMatchObject({ state: 'running', lastError: undefined, restarts: 0 });
  });

  it('while the old one waits to be started again: the new one starts at once', async () => {
    const { relay, peer, join, pass } = await startRelay();
    const anna = join('a');
    for (let failure = 0; failure < 5; failure++) {
      peer.life.end();
      await pass(2 ** failure * limits.upstreamBackoffMs + 1);
    }
    peer.life.end();
    expect([relay.report().state, peer.lives.length]).toEqual(['waiting', 6]);
    relay.renew();
    await pass(1);
    expect([relay.report().state, peer.lives.length]).toEqual(['running', 7]);
    const made = anna.call(1);
    expect(peer.life.requests('tools/call').length).toBe(1);
    expect(made.response).toBeUndefined();
  });
});

describe('R54: names of tools', () => {
  const BAD = [
    'a\u0000b',
    'a\u001b[2Jb',
    'a\nb',
    'a\u202eb',
    'a\u200bb',
    'a\u2028b',
    '../x',
    'a/../b',
    '..',
    'a/..',
    '',
    'x'.repeat(129),
  ];
  const GOOD = ['x'.repeat(128), 'a.b', 'a..b', 'メモ', 'a/b', '__proto__', 'constructor'];
  const bad = [...BAD.map(tool), { description: 'no name' }, { name: 1 }, null, 'text'];
  const good = GOOD.map(tool);

  it('that no client may be given are left out and logged; everything else stays', async () => {
    const peer = createListing({ 'tools/list': [{ tools: [...bad, ...good], 'x-unknown': 1 }] });
    const { join, logged, saved } = await startRelay({ peer });
    expect(walk(join('a'))).toEqual([{ tools: good, 'x-unknown': 1 }]);
    expect(logged).toContainEqual({
      event: 'upstream.tools-left-out',
      fields: { upstream: 'scripted', count: bad.length },
    });
    expect(saved()!.lists).toEqual({ '["tools/list",null]': { tools: good, 'x-unknown': 1 } });
  });

  it('are left out of what is checked at the first use, too, and make no difference there', async () => {
    const pages = { 'tools/list': [{ tools: [...bad, ...good] }] };
    const { anna, bert, pass, saved } = await startLater(await keep(pages), pages);
    walk(anna);
    bert.call(1);
    await pass(1);
    expect([changesOf(anna), changesOf(bert)]).toEqual([[], []]);
    const later = await startLater(saved() ?? (await keep(pages)), pages);
    expect(walk(later.anna)).toEqual([{ tools: good }]);
  });

  it.each([{ tools: 'none' }, {}, { tools: {} }])('a list of %j passes as it is', async (page) => {
    const { join } = await startRelay({ peer: createListing({ 'tools/list': [page] }) });
    expect(walk(join('a'))).toEqual([page]);
  });
});
