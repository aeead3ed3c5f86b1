/** What goes past the SDK's handler must be what that handler would have let pass, and look as if it had carried it. */
import { createMcpHandler, Server } from '@modelcontextprotocol/server';
import fc from 'fast-check';
import { expect, it, onTestFinished } from 'vitest';
import type { Exchange, Headers } from '../../../src/exchange.ts';
import { isMessage, isRequest, type JsonRpcRequest } from '../../../src/mcp/json-rpc.ts';
import { lift } from '../../../src/mcp/stateless/lifted.ts';
import { modernResult, signed } from '../../../src/mcp/stateless/modern-results.ts';
import { isPlain } from '../../../src/mcp/stateless/plain-request.ts';
import { createSdkJudge } from '../../../src/mcp/stateless/sdk-judge.ts';
import { areReadable, toWebRequest } from '../../../src/mcp/stateless/web-exchange.ts';
import { createScriptedPeer, INITIALIZED } from '../relay/scripted-peer.ts';
import { callerOf, startRelay } from '../relay/start-relay.ts';
import { envelope, headersOf, KEY, request, VERSION } from './modern.ts';

type Json = { [name: string]: unknown };

const CAPABILITIES = { tools: {}, prompts: {}, resources: {}, completions: {} };
const METHODS = [
  'completion/complete',
  'prompts/get',
  'prompts/list',
  'resources/list',
  'resources/read',
  'resources/templates/list',
  'tools/call',
  'tools/list',
];
const NAMES = ['a', 'a b', '=?base64?YQ==?=', '=?x', ' a', 'a\t', 'a ', '', 'caf\xe9', '日本', 'constructor'];
const ODD: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(null, 0, -1, 1.5, true, '', 'x', 'info', VERSION, '2025-11-25', [], [1], {}),
  fc.constantFrom<unknown>(...NAMES, ...METHODS, 'initialize', 'ping', 'server/discover', '__proto__'),
  fc.constantFrom<unknown>({ form: {} }, { form: 1 }, { name: 'n' }, { name: 'n', version: '1', icons: 1 }),
  fc.jsonValue(),
);

/** Where a message is changed: each path leads to a member that may be there or not. */
const PATHS: readonly (readonly string[])[] = [
  ...['jsonrpc', 'id', 'method', 'params', 'result', 'error', 'extra'].map((name) => [name]),
  ...[
    'name',
    'uri',
    '_meta',
    'arguments',
    'cursor',
    'task',
    'inputResponses',
    'requestState',
    '__proto__',
  ].map((name) => ['params', name]),
  ...[KEY.version, KEY.info, KEY.capabilities, KEY.logLevel, 'progressToken', 'traceparent', '__proto__'].map(
    (name) => ['params', '_meta', name],
  ),
  ...['elicitation', 'sampling', 'roots', 'tasks', 'extensions', 'experimental', 'vendor'].map((name) => [
    'params',
    '_meta',
    KEY.capabilities,
    name,
  ]),
  ...['name', 'version', 'title', 'icons', 'websiteUrl'].map((name) => ['params', '_meta', KEY.info, name]),
];
const HEADERS = ['mcp-protocol-version', 'mcp-method', 'mcp-name', 'mcp-session-id'];

type Mutation =
  | { readonly path: readonly string[]; readonly value: unknown }
  | { readonly header: string; readonly value: string | undefined };
const GONE = Symbol('gone');

const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  fc.record({ path: fc.constantFrom(...PATHS), value: fc.oneof(ODD, fc.constant(GONE)) }),
  fc.record({
    header: fc.constantFrom(...HEADERS),
    value: fc.constantFrom(
      undefined,
      VERSION,
      ` ${VERSION}`,
      '2025-11-25',
      ...METHODS,
      'Tools/Call',
      ...NAMES,
    ),
  }),
);

function mutate(message: Json, headers: Json, change: Mutation): void {
  if ('header' in change) {
    headers[change.header] = change.value;
    return;
  }
  const { path, value } = change;
  let parent: unknown = message;
  for (const name of path.slice(0, -1)) {
    if (typeof parent === 'object' && parent !== null) parent = (parent as Json)[name];
  }
  if (typeof parent !== 'object' || parent === null) return;
  const name = path.at(-1)!;
  if (value === GONE) delete (parent as Json)[name];
  // As `JSON.parse` does: `__proto__` is a member like any, and no two places hold the same object.
  else {
    const own = structuredClone(value);
    Object.defineProperty(parent, name, { value: own, writable: true, enumerable: true, configurable: true });
  }
}

const good = fc.record({
  id: fc.constantFrom<unknown>(0, 1, '', 'x', '__proto__'),
  method: fc.constantFrom(...METHODS),
  name: fc.constantFrom(...NAMES),
});

/** A good request with its headers, and what was done to it. */
const received = fc
  .record({ base: good, changes: fc.array(mutation, { maxLength: 3 }) })
  .map(({ base: { id, method, name }, changes }) => {
    const meta = envelope({ elicitation: { form: {} }, roots: {} });
    const message = structuredClone(request(id, method, { name, uri: name }, meta)) as unknown as Json;
    const headers: Json = { 'content-type': 'application/json', ...headersOf(message as never) };
    for (const change of changes) mutate(message, headers, change);
    return { message: JSON.parse(JSON.stringify(message)) as unknown, headers: headers as Headers };
  });

async function startJudge() {
  const result = { ...INITIALIZED, capabilities: CAPABILITIES };
  const peer = createScriptedPeer(({ method }) => (method === 'initialize' ? { result } : undefined));
  const { relay } = await startRelay({ peer });
  const judge = createSdkJudge({ name: 'scripted', relay, onFault() {} });
  onTestFinished(judge.close);
  return (headers: Headers, body: unknown) => {
    const exchange = { headers, onClose() {} } as unknown as Exchange;
    return judge.judge({ exchange, caller: callerOf('a'), body });
  };
}

it('R50: what is plain, the SDK lets pass', async () => {
  const judge = await startJudge();
  let plain = 0;
  let refused = 0;
  const property = fc.asyncProperty(received, async ({ message, headers }) => {
    // What no request of ours gets to see.
    if (!isMessage(message) || !isRequest(message) || !areReadable(headers)) return;
    const isGood = !((await judge(headers, message)) instanceof Response);
    if (!isGood) refused++;
    if (!isPlain(headers, message)) return;
    plain++;
    expect(isGood).toBe(true);
  });
  await fc.assert(property, { numRuns: 4_000 });
  // Neither side of the comparison is empty.
  expect(plain).toBeGreaterThan(400);
  expect(refused).toBeGreaterThan(400);
});

it.each(METHODS)('%s as clients send it is plain', (method) => {
  const message = request(1, method, { name: 'a b', uri: 'a b' }) as JsonRpcRequest;
  expect(isPlain(headersOf(message as never), message)).toBe(true);
});

/** The SDK's handler before a server that answers with this; `seen` is what it would have been asked. */
async function carry(message: JsonRpcRequest, result: Json, serverInfo: Json) {
  let seen: unknown;
  const handler = createMcpHandler(
    () => {
      const server = new Server(serverInfo as never, { capabilities: CAPABILITIES });
      server.fallbackRequestHandler = async (asked, { mcpReq }) => {
        seen = {
          request: asked,
          state: mcpReq.requestState(),
          level: mcpReq.envelope?.[KEY.logLevel as never],
        };
        return result;
      };
      return server;
    },
    { legacy: 'reject', keepAliveMs: 0 },
  );
  const headers = { 'content-type': 'application/json', ...headersOf(message as never) };
  const web = toWebRequest(headers, new AbortController().signal);
  const response = await handler.fetch(web, { parsedBody: message });
  return { seen, body: (await response.json()) as Json };
}

const ttlMs = fc.constantFrom<unknown>(0, 5_000, -1, 1.5, '1', null);
const tool = fc.constantFrom<unknown>(
  { name: 't', execution: { taskSupport: 'optional' } },
  { name: 'u', inputSchema: {} },
  7,
);
const result = fc.record(
  {
    resultType: fc.constantFrom<unknown>('complete', 'input_required', 'odd', 7),
    ttlMs,
    cacheScope: fc.constantFrom<unknown>('public', 'private', 'odd', null),
    tools: fc.oneof(fc.array(tool), fc.jsonValue()),
    inputRequests: fc.constant({}),
    x: fc.jsonValue(),
    // An object: with anything else the SDK never answers (measured, 2.4.0).
    _meta: fc.dictionary(fc.constantFrom<string>(KEY.serverInfo, 'vendor'), fc.jsonValue()),
  },
  { requiredKeys: [] },
);

it('the SDK finds nothing to add to a result, and nothing to take away', async () => {
  const info = { name: 'scripted', version: '1' };
  const property = fc.asyncProperty(fc.constantFrom(...METHODS), result, async (method, said) => {
    const ours = JSON.parse(JSON.stringify(signed(modernResult(method, said as Json), info))) as Json;
    const { body } = await carry(request(1, method, { name: 'a', uri: 'a' }) as JsonRpcRequest, ours, info);
    expect(body.result).toEqual(ours);
  });
  await fc.assert(property, { numRuns: 1_000 });
});

it('a request is lifted as the SDK lifts it', async () => {
  const params = fc.dictionary(
    fc.constantFrom('arguments', 'vendor', '__proto__', 'requestState', 'task'),
    fc.jsonValue(),
  );
  const meta = fc.dictionary(fc.constantFrom('traceparent', 'vendor', '__proto__'), fc.jsonValue());
  const level = fc.constantFrom('debug', 'emergency');
  const property = fc.asyncProperty(params, meta, level, async (own, extra, logLevel) => {
    const sent = request(
      1,
      'tools/call',
      { ...own, name: 'a' },
      envelope({}, { ...extra, [KEY.logLevel]: logLevel }),
    );
    const message = JSON.parse(JSON.stringify(sent)) as JsonRpcRequest;
    const { seen } = await carry(message, {}, { name: 'scripted', version: '1' });
    const lifted = lift(message);
    expect({ request: lifted.request, state: lifted.state, level: lifted.logLevel }).toEqual(seen);
  });
  await fc.assert(property, { numRuns: 300 });
});
