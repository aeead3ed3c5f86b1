import { describe, expect, it } from 'vitest';
import mcpBodies from '../corpus/mcp-bodies.json' with { type: 'json' };
import mcpHeaders from '../corpus/mcp-headers.json' with { type: 'json' };
import { ENGINES } from '../support/listen.ts';
import { type Answer, type McpSession, openSession } from '../support/mcp-session.ts';
import { ask } from '../support/oauth-client.ts';
import { requestStateless } from '../support/stateless-request.ts';
import { lifeServer, type ServedUpstreams, startServers } from '../support/upstreams.ts';

interface Row {
  readonly what: string;
  readonly body?: string;
  readonly base64?: string;
  /** What stands first, what comes how often, and what stands last. */
  readonly repeat?: readonly [string, string, number, string];
  readonly status: number;
  readonly code: number;
  /** The id of the error; it has none if there is none. */
  readonly id?: unknown;
}

function bodyOf({ body = '', base64, repeat }: Row): Buffer {
  if (base64 !== undefined) return Buffer.from(base64, 'base64');
  if (!repeat) return Buffer.from(body);
  const [first, each, count, last] = repeat;
  return Buffer.from(first + each.repeat(count) + last);
}

/** What patterns and templates stumble over. */
const LONG_UNITS = ['a', '{', '{{', '/', '%', '../', 'a{?b*}', ' ', '\u0000', '日'];

describe.each(ENGINES)('the body of an MCP request on %s', (engine) => {
  async function start(): Promise<ServedUpstreams & { session: McpSession }> {
    const served = await startServers({ life: lifeServer() }, { CLAUDE_SECURE_ENGINE: engine });
    return { ...served, session: await openSession(served.at('life')) };
  }

  /** Posts to the session; `null` leaves a header out. */
  async function post(
    { home, token, session }: Awaited<ReturnType<typeof start>>,
    body: Buffer,
    changes: Record<string, string | null> = {},
  ) {
    const headers = {
      authorization: `Bearer ${token}`,
      'mcp-session-id': session.id,
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      ...changes,
    };
    const sent = Object.entries(headers).filter((entry): entry is [string, string] => entry[1] !== null);
    return ask(home, { path: '/mcp/life', method: 'POST', headers: Object.fromEntries(sent), body });
  }

  it('R49: what is no JSON-RPC message gets its error, and the session works on', async () => {
    const served = await start();
    for (const row of mcpBodies as unknown as Row[]) {
      const { status, headers, text } = await post(served, bodyOf(row));
      const { error, ...others } = JSON.parse(text);
      expect([row.what, status, headers['cache-control'], error.code, others]).toEqual([
        row.what,
        row.status,
        'no-store',
        row.code,
        { jsonrpc: '2.0', ...(row.id !== undefined && { id: row.id }) },
      ]);
    }
    expect(await served.session.call('echo', { a: 1 })).toEqual({ a: 1 });
    const health = JSON.parse((await ask(served.home, { path: '/health' })).text);
    expect(health.pid).toBe(served.daemon.state.pid);
  });

  it('R49: another content type is 415, an Accept that lacks one of both is 406', async () => {
    const served = await start();
    const ping = Buffer.from('{"jsonrpc":"2.0","id":1,"method":"ping"}');
    for (const { what, headers, status } of mcpHeaders) {
      const answer = await post(served, ping, headers as Record<string, string | null>);
      expect([what, answer.status, JSON.parse(answer.text).error?.code]).toEqual([
        what,
        status,
        status === 200 ? undefined : -32_000,
      ]);
    }
  });

  it('R49: names that mean something to JavaScript go through as they are, and change nothing', async () => {
    const { home, session, at } = await start();
    const before = Object.keys(JSON.parse((await ask(home, { path: '/health' })).text));
    const args = '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"toString":null}';
    const message = `{"jsonrpc":"2.0","id":"__proto__","method":"tools/call","__proto__":{"polluted":1},"params":{"name":"echo","__proto__":{"polluted":1},"arguments":${args}}}`;
    const { id, result } = await (await session.post(message)).json();
    expect([id, result.content[0].text]).toEqual(['__proto__', args]);
    for (const name of ['__proto__', 'constructor', 'toString', 'hasOwnProperty']) {
      const answer = { isError: true, content: [{ type: 'text', text: `"no tool ${name}"` }] };
      expect((await session.tryCall(name)).result).toEqual(answer);
      expect(
        (await requestStateless(at('life'), 'tools/call', { name, arguments: {} })).result,
      ).toMatchObject(answer);
      expect((await session.request(name)).error?.code).toBe(-32_601);
      expect((await requestStateless(at('life'), name)).error?.code).toBe(-32_601);
    }
    const { text } = await ask(home, { path: '/health' });
    expect(Object.keys(JSON.parse(text))).toEqual(before);
    expect(text).not.toContain('polluted');
  });

  it('R49: 100,000 characters of anything as a name or an address are an error and no more', async () => {
    const { daemon, home, at, token, session } = await start();
    const code = await openSession({ url: `${daemon.url}/mcp`, token });
    for (const unit of LONG_UNITS) {
      const long = unit.repeat(Math.ceil(100_000 / unit.length));
      const uri = `test://${long}`;
      const answers: Answer[] = [await requestStateless(at('life'), 'resources/read', { uri })];
      for (const one of [session, code]) {
        answers.push(
          await one.tryCall(long),
          await one.request('resources/read', { uri }),
          await one.request('resources/subscribe', { uri }),
          await one.request('prompts/get', { name: long }),
          await one.request(long),
        );
      }
      for (const { error, result } of answers) expect(error ?? result?.isError).toBeTruthy();
    }
    const health = JSON.parse((await ask(home, { path: '/health' })).text);
    expect(health.pid).toBe(daemon.state.pid);
  });
});
