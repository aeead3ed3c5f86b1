import { expect } from 'vitest';
import { call } from '../mcp/client.ts';
import { readEvents } from '../mcp/event-reader.ts';
import type { Endpoint } from '../support/mcp-person.ts';
import { type McpSession, openSession, readAnswer, tryOpenSession } from '../support/mcp-session.ts';
import type { Attempt } from './kill-operations.ts';

/** Gets a session's request ready. */
type SessionOperation = (endpoint: Endpoint) => Promise<Attempt>;

const CUT_OFF = { code: -32_603, message: 'the server was restarted during the call' };
const NOTHING_KEPT = {
  jsonrpc: '2.0',
  error: { code: -32_000, message: 'Bad Request: nothing follows that event' },
};

const opening: SessionOperation = async (endpoint) => {
  let session: McpSession | undefined;
  return {
    async act() {
      ({ session } = await tryOpenSession(endpoint));
    },
    async check() {
      if (session) expect(await session.call('echo', { a: 1 })).toEqual({ a: 1 });
    },
  };
};

/** A call that says how far it is, and whose client comes back for what it missed. */
const calling: SessionOperation = async (endpoint) => {
  const session = await openSession(endpoint);
  let lastId: string | undefined;
  let answer: Record<string, unknown> | undefined;
  return {
    async act() {
      const message = call('cut', 'report', { done: true }, { _meta: { progressToken: 'p' } });
      const events = readEvents(await session.post(message));
      for (let event = await events.next(); event; event = await events.next()) {
        lastId = event.id;
        const data = event.data && JSON.parse(event.data);
        if (data && 'id' in data) answer = data;
      }
    },
    async check() {
      expect(await session.call('echo', { a: 1 }), 'the session goes on').toEqual({ a: 1 });
      if (lastId === undefined || answer) return;
      const response = await session.listen(lastId);
      const resumed = await readAnswer(response);
      // The journal is a moment behind: it may not know yet of a stream that its client has just begun to read.
      if (response.status !== 200) expect(resumed).toEqual(NOTHING_KEPT);
      else if (resumed.error) expect(resumed).toEqual({ jsonrpc: '2.0', id: 'cut', error: CUT_OFF });
      else expect(resumed.result?.content).toEqual([{ type: 'text', text: '{"done":true}' }]);
    },
  };
};

const deletion: SessionOperation = async (endpoint) => {
  const session = await openSession(endpoint);
  let status: number | undefined;
  return {
    async act() {
      status = await session.delete();
    },
    async check() {
      const { status: found } = await session.post({ jsonrpc: '2.0', id: 1, method: 'ping' });
      if (status !== undefined) expect([status, found]).toEqual([204, 404]);
      else expect([200, 404]).toContain(found);
    },
  };
};

/** What changes a session. */
export const SESSION_OPERATIONS: Readonly<Record<string, SessionOperation>> = {
  'a session opened': opening,
  'a call with progress': calling,
  'a session deleted': deletion,
};
