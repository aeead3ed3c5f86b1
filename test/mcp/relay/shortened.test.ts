import { expect, it } from 'vitest';
import { limits } from '../../../src/limits.ts';
import type { Params } from '../../../src/mcp/json-rpc.ts';
import { shortened } from '../../../src/mcp/relay/pending-calls.ts';
import { createScriptedPeer } from './scripted-peer.ts';
import { startRelay } from './start-relay.ts';

const LARGE = 'x'.repeat(limits.pendingRequestBytes);
const TOO_LONG = 'x'.repeat(limits.resourceUriLength + 1);

it('R52: of a large request only what its answer is read by is kept', () => {
  const request = (params: Params) => ({ jsonrpc: '2.0', id: 1, method: 'tools/call', params }) as const;
  const _meta = { progressToken: 'p' };
  const params = { name: 'x', taskId: 't', task: { ttl: LARGE }, arguments: { all: LARGE } };
  expect(shortened(request({ ...params, _meta: { ..._meta, other: LARGE } }))).toEqual(
    request({ name: 'x', taskId: 't', task: {}, _meta, isShortened: true }),
  );
  expect(shortened(request({ name: TOO_LONG, uri: [LARGE], cursor: {} }))).toEqual(
    request({ isShortened: true }),
  );
});

it('R52: neither an id nor a progress token is longer than what is worth keeping', async () => {
  const { join, peer } = await startRelay();
  const progressToken = 'x'.repeat(limits.requestIdLength + 1);
  join('a').call(1, 'tools/call', { name: 'x', _meta: { progressToken } });
  const [sent] = peer.life.requests('tools/call');
  peer.life.say({ method: 'notifications/progress', params: { progressToken: sent!.id, progress: 1 } });
  expect(sent!.params).toEqual({ name: 'x', _meta: { progressToken } });
});

it('a large request is followed up like a small one: progress, and the answer under its own id', async () => {
  const { join, peer } = await startRelay();
  const params = { name: 'x', arguments: { all: LARGE }, _meta: { progressToken: 'mine' } };
  const made = join('a').call('one', 'tools/call', params);
  const [sent] = peer.life.requests('tools/call');
  expect(sent!.params).toEqual({ ...params, _meta: { progressToken: sent!.id } });
  peer.life.say({ method: 'notifications/progress', params: { progressToken: sent!.id, progress: 1 } });
  peer.life.say({ id: sent!.id, result: { content: [] } });
  expect(made.notes).toMatchObject([{ params: { progressToken: 'mine', progress: 1 } }]);
  expect(made.response).toEqual({ jsonrpc: '2.0', id: 'one', result: { content: [] } });
});

it('a list that was asked for with much beside is not kept as the plain one', async () => {
  const peer = createScriptedPeer(({ method, params }) =>
    method === 'tools/list' ? { result: { tools: [], vendor: params?.vendor !== undefined } } : undefined,
  );
  const { join } = await startRelay({ peer });
  const anna = join('a');
  anna.call(1, 'tools/list', { vendor: LARGE });
  expect(anna.call(2, 'tools/list', {}).response).toMatchObject({ result: { vendor: false } });
});
