import { describe, expect, it } from 'vitest';
import statelessRequests from '../corpus/stateless-requests.json' with { type: 'json' };
import { post } from '../mcp/client.ts';
import { readAnswer } from '../mcp/stateless/modern.ts';
import { mintFor, reportOf } from '../support/control.ts';
import { ENGINES } from '../support/listen.ts';
import { ask, signIn } from '../support/oauth-client.ts';
import { type StatelessMessage, statelessHeaders, statelessMessage } from '../support/stateless-request.ts';
import { startServers, toldServer } from '../support/upstreams.ts';

type Changes = Readonly<Record<string, unknown>>;

/** What is other than in a good call of the tool `tell`; `null` leaves something out. */
interface Row {
  readonly what: string;
  readonly method?: string;
  readonly params?: Changes;
  readonly requestId?: unknown;
  readonly meta?: Changes | null;
  readonly headers?: Changes;
  /** Instead of all that. */
  readonly body?: unknown;
  readonly status: number;
  readonly code?: number;
  /** The id of the answer; it has none if there is none. */
  readonly id?: unknown;
  readonly data?: unknown;
}

const present = (changed: Changes): Record<string, string> =>
  Object.fromEntries(Object.entries(changed).filter(([, value]) => value !== null)) as Record<string, string>;

function messageOf({
  method = 'tools/call',
  params = CALL,
  meta = {},
  requestId = 1,
}: Row): StatelessMessage {
  const message = statelessMessage(method, params, requestId);
  const { _meta, ...own } = message.params;
  if (meta === null) return { ...message, params: own };
  return { ...message, params: { ...own, _meta: present({ ...(_meta as object), ...meta }) } };
}

const CALL = { name: 'echo', arguments: { text: 'x' } };
const ELICIT = { mode: 'form', message: 'who?', requestedSchema: { type: 'object', properties: {} } };
const CAPABLE = { 'io.modelcontextprotocol/clientCapabilities': { elicitation: { form: {} } } };

describe.each(ENGINES)('a request of revision 2026-07-28 on %s', (engine) => {
  const start = () => startServers({ told: toldServer() }, { CLAUDE_SECURE_ENGINE: engine });

  it('R50: what the headers, the envelope and the body must agree on, each answered as the revision says', async () => {
    const { home, daemon, token } = await start();
    const callsOf = async () => (await reportOf(home, 'told')).calls;
    for (const row of statelessRequests as unknown as Row[]) {
      const message = messageOf(row);
      const calls = await callsOf();
      const headers = {
        authorization: `Bearer ${token}`,
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        ...statelessHeaders(message),
        ...row.headers,
      };
      const answer = await ask(home, {
        path: '/mcp/told',
        method: 'POST',
        headers: present(headers),
        body: JSON.stringify('body' in row ? row.body : message),
      });
      const { jsonrpc, error, result, ...rest } =
        answer.text === '' ? { jsonrpc: '2.0' } : JSON.parse(answer.text);
      expect([row.what, answer.status, error?.code, rest, jsonrpc]).toEqual([
        row.what,
        row.status,
        row.code,
        row.id === undefined ? {} : { id: row.id },
        '2.0',
      ]);
      if (row.data) expect(error.data).toEqual(row.data);
      if (row.status === 200) expect(result.resultType).toBe('complete');
      // An unknown method is the server's to refuse.
      else if (row.status !== 404) expect([row.what, await callsOf()]).toEqual([row.what, calls]);
      expect(answer.headers['mcp-session-id']).toBeUndefined();
      expect(answer.headers['cache-control']).toBe('no-store');
    }
    const health = JSON.parse((await ask(home, { path: '/health' })).text);
    expect(health.pid).toBe(daemon.state.pid);
  });

  it('R50: GET and DELETE are 405, whatever session they name', async () => {
    const { home, token } = await start();
    for (const method of ['GET', 'DELETE']) {
      const headers = {
        authorization: `Bearer ${token}`,
        accept: 'text/event-stream',
        'mcp-protocol-version': '2026-07-28',
        'mcp-session-id': 'none',
      };
      const answer = await ask(home, { path: '/mcp/told', method, headers });
      expect([answer.status, answer.headers.allow]).toEqual([405, 'POST']);
    }
  });

  it('R50: a requestState with any bit changed, of another grant, tool or server is refused, and runs nothing', async () => {
    const { home, at, token } = await start();
    const others = { of: (await signIn(home)).accessToken, at: await mintFor(home, '/elsewhere') };
    const params = { name: 'ask', arguments: { method: 'elicitation/create', params: ELICIT } };
    const send = async (more: object, to = at('told')) => {
      const message = statelessMessage('tools/call', { ...params, ...more });
      const { _meta, ...own } = message.params;
      const asked = { ...message, params: { ...own, _meta: { ...(_meta as object), ...CAPABLE } } };
      const headers = statelessHeaders(asked);
      return (await readAnswer(await post(to.url, { token: to.token, headers }, asked))).body;
    };
    const first = await send({});
    expect(first.result).toMatchObject({ resultType: 'input_required' });
    const { calls } = await reportOf(home, 'told');
    const { requestState, inputRequests } = first.result as { requestState: string; inputRequests: object };
    const inputResponses = Object.fromEntries(
      Object.keys(inputRequests).map((key) => [key, { action: 'accept', content: { a: 1 } }]),
    );
    const again = { requestState, inputResponses };
    const bytes = Buffer.from(requestState, 'base64url');
    const spoilt = Array.from({ length: bytes.length }, (_, index) => {
      const other = Buffer.from(bytes);
      other[index] = (other[index] ?? 0) ^ (1 << (index % 8));
      return other.toString('base64url');
    });
    const refused = { error: { code: -32_602, message: 'Invalid or expired requestState' } };
    for (const state of [...spoilt, '', requestState.slice(1), `${requestState}A`, `${requestState}=`]) {
      expect(await send({ ...again, requestState: state })).toMatchObject(refused);
    }
    for (const state of [1, {}, [requestState]]) {
      expect((await send({ ...again, requestState: state })).error.code).toBe(-32_602);
    }
    for (const to of [at('told', others.of), at('told', others.at)]) {
      expect(await send(again, to)).toMatchObject(refused);
    }
    expect(await send({ ...again, name: 'hang' })).toMatchObject(refused);
    expect(await send({ ...again, arguments: { method: 'roots/list' } })).toMatchObject(refused);
    expect((await reportOf(home, 'told')).calls).toBe(calls);

    const done = await send(again, at('told', token));
    expect(JSON.parse(done.result.content[0].text)).toEqual({ action: 'accept', content: { a: 1 } });
    expect(await send(again)).toMatchObject(refused);
  });
});
