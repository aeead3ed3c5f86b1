import { expect, it } from 'vitest';
import type { Exchange } from '../../src/exchange.ts';
import { createHttpAnswer } from '../../src/mcp/http-answer.ts';
import { createHttpSession } from '../../src/mcp/http-session.ts';
import { createJournal } from '../../src/mcp/journal.ts';
import type { JsonRpcRequest } from '../../src/mcp/json-rpc.ts';
import { createOpenStreams } from '../../src/mcp/open-streams.ts';
import { createMemoryRecords } from './memory-records.ts';
import { callerOf, startRelay } from './relay/start-relay.ts';

/** An exchange whose client has hung up. */
const GONE: Exchange = {
  method: 'POST',
  path: '/mcp/x',
  query: '',
  headers: {},
  repeated: [],
  peer: '127.0.0.1',
  closed: true,
  body: () => Promise.reject(new Error('gone')),
  respond() {},
  stream() {
    throw new Error('gone');
  },
  vouch() {},
  drop() {},
  onClose: (listener) => listener(),
};

/** A call of a session whose client hung up before there was a stream that it could come back to. */
async function callAndHangUp(isListening: boolean) {
  const { relay, peer } = await startRelay();
  const log = { error() {}, info() {}, debug() {}, close() {} };
  const budget = { bytes: 0 };
  const session = createHttpSession({
    id: 'session',
    grantId: 'a',
    endpoint: { name: 'x', path: '/mcp/x', open: () => relay, find: () => relay, release() {} },
    relay,
    beginning: { workspace: undefined, params: { capabilities: { roots: {} } } },
    version: '2025-11-25',
    journal: createJournal({ records: createMemoryRecords(), log }).session('session'),
    budget,
  });
  const told: object[] = [];
  if (isListening) session.standalone = { send: (message) => void told.push(message), finish() {} };
  const request: JsonRpcRequest = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: {} };
  const caller = callerOf('a');
  const streams = createOpenStreams();
  const reply = createHttpAnswer({ exchange: GONE, caller, session, streams, ids: [request.id] });
  relay.call({ client: session, caller, request, reply });
  peer.life.say({ id: 7, method: 'roots/list' });
  return { answers: peer.life.answers(), told };
}

it('a question of a client that hung up is refused at once where it could never be read: others have their turn', async () => {
  const { answers } = await callAndHangUp(false);
  const error = { code: -32_601, message: 'the client cannot be reached now' };
  expect(answers).toEqual([{ jsonrpc: '2.0', id: 7, error }]);
});

it('a question of a client that hung up and still listens goes there', async () => {
  const { answers, told } = await callAndHangUp(true);
  expect([answers, told]).toMatchObject([[], [{ method: 'roots/list' }]]);
});
