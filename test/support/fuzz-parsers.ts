import fc from 'fast-check';
import { expect } from 'vitest';
import { limits } from '../../src/limits.ts';
import { messageFrame } from '../../src/mcp/event-stream.ts';
import { type JsonRpcMessage, parseBody } from '../../src/mcp/json-rpc.ts';
import { createLineReader } from '../../src/mcp/stdio/line-reader.ts';
import { createAccessTokens } from '../../src/oauth/access-token.ts';
import { createClock } from '../../src/oauth/clock.ts';
import { OAuthError } from '../../src/oauth/errors.ts';
import { parseParameters } from '../../src/oauth/form.ts';
import { ensureSigningKeys } from '../../src/oauth/keys.ts';
import { isAllowedRedirectUri, matchesRedirectUri } from '../../src/oauth/redirect-uri.ts';
import { parseRegistration } from '../../src/oauth/registration.ts';
import { parseState } from '../../src/state.ts';
import { readEvents } from '../mcp/event-reader.ts';

/** A reader of text that an attacker writes, and what must hold whatever it reads. */
export interface FuzzTarget {
  readonly name: string;
  property(): fc.IAsyncProperty<unknown> | Promise<fc.IAsyncProperty<unknown>>;
}

const HOSTILE = fc.constantFrom(
  '__proto__',
  'constructor',
  '\r\n\r\nevent: endpoint\ndata: https://evil\n\n',
  '\u2028',
  '\u2029',
  '\0',
  '\ud800',
  '\u202e',
  '%00',
  '%',
  '&',
  '=',
  '+',
  ':',
);
const text = fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme' }), HOSTILE);

interface Edit {
  readonly at: number;
  readonly remove: number;
  readonly insert: string;
}

/** The original with one to three places changed. */
const edited = (original: string): fc.Arbitrary<string> => {
  const edit = fc.record({
    at: fc.nat(original.length),
    remove: fc.nat(4),
    insert: fc.oneof(
      fc.string({ maxLength: 3 }),
      HOSTILE,
      fc.constantFrom('', '.', '/', '@', '#', '\\', 'A', '_'),
    ),
  });
  const apply = (whole: string, { at, remove, insert }: Edit): string =>
    whole.slice(0, at) + insert + whole.slice(at + remove);
  return fc.array(edit, { minLength: 1, maxLength: 3 }).map((edits) => edits.reduce(apply, original));
};

const form: FuzzTarget = {
  name: 'form parser',
  property: () =>
    fc.asyncProperty(fc.array(fc.tuple(text, text)), text, async (pairs, garbage) => {
      parseParameters(garbage);
      const sent = new URLSearchParams(pairs.filter(([name]) => name !== 'resource'));
      const read = parseParameters(`${sent}`);
      for (const name of sent.keys()) {
        const values = sent.getAll(name);
        expect(read.get(name)).toBe(values[0] || undefined);
        expect(read.repeated.has(name)).toBe(values.length > 1);
      }
    }),
};

const MEMBERS = [
  'redirect_uris',
  'grant_types',
  'response_types',
  'token_endpoint_auth_method',
  'client_name',
  'application_type',
  '__proto__',
  'client_id',
];
const metadata = fc.dictionary(
  fc.oneof(fc.constantFrom(...MEMBERS), text),
  fc.oneof(
    fc.jsonValue(),
    text,
    fc.array(
      fc.oneof(edited('http://127.0.0.1:9/callback'), fc.constantFrom('authorization_code', 'code', 'x')),
    ),
  ),
);

const registration: FuzzTarget = {
  name: 'registration schema',
  property: () =>
    fc.asyncProperty(
      fc.oneof(
        metadata.map((value) => JSON.stringify(value)),
        fc.json(),
        text,
      ),
      async (body) => {
        let read: ReturnType<typeof parseRegistration>;
        try {
          read = parseRegistration(body);
        } catch (error) {
          expect(error).toBeInstanceOf(OAuthError);
          expect((error as OAuthError).error).toMatch(/^invalid_(?:client_metadata|redirect_uri)$/);
          return;
        }
        expect(read.redirectUris.every(isAllowedRedirectUri)).toBe(true);
        expect([...read.name].length).toBeLessThanOrEqual(limits.clientNameLength);
        expect(read.name).not.toMatch(/\p{C}/u);
      },
    ),
};

const REGISTERED = 'http://127.0.0.1:33418/callback?tenant=1';

const redirect: FuzzTarget = {
  name: 'redirect matcher',
  property: () =>
    fc.asyncProperty(edited(REGISTERED), async (uri) => {
      if (isAllowedRedirectUri(uri)) {
        const { hostname, username, password, hash } = new URL(uri);
        expect(['127.0.0.1', 'localhost', '[::1]']).toContain(hostname);
        expect([username, password, hash]).toEqual(['', '', '']);
      }
      if (matchesRedirectUri(REGISTERED, uri))
        expect(uri.replace(/:\d+/, ':33418')).toMatch(
          /^http:\/\/127\.0\.0\.1(?::33418)?\/callback\?tenant=1$/,
        );
    }),
};

/** The token of an installation of its own, in that directory. */
async function token(directory: string): Promise<FuzzTarget> {
  const clock = createClock(Date.now, 0);
  const keys = await ensureSigningKeys(`${directory}/signing-keys.json`, clock.nowMs());
  const resource = 'https://127.0.0.1:8443/mcp';
  const tokens = createAccessTokens({ issuer: 'https://127.0.0.1:8443', audiences: [resource], keys, clock });
  const grant = {
    id: 'grant',
    clientId: 'client',
    scopes: ['mcp'],
    resource,
    expiresAtMs: clock.nowMs() + 3_600_000,
  };
  const good = (await tokens.issue(grant as unknown as Parameters<typeof tokens.issue>[0])).token;
  expect(await tokens.prove(good)).toBeDefined();
  const [head = '', body = '', signature = ''] = good.split('.');
  const part = (original: string) => fc.oneof(fc.constant(original), edited(original), fc.base64String());
  const parts = fc.tuple(part(head), part(body), part(signature)).map((each) => each.join('.'));
  const decoded = edited(Buffer.from(body, 'base64url').toString()).map(
    (claims) => `${head}.${Buffer.from(claims).toString('base64url')}.${signature}`,
  );
  return {
    name: 'token check',
    property: () =>
      fc.asyncProperty(fc.oneof(edited(good), parts, decoded, text), async (forged) => {
        fc.pre(forged !== good);
        expect(await tokens.prove(forged)).toBeUndefined();
      }),
  };
}

const jsonRpc: FuzzTarget = {
  name: 'JSON-RPC parser',
  property: () => {
    const good = JSON.stringify({
      jsonrpc: '2.0',
      id: 1,
      method: 'tools/call',
      params: { name: 'a', arguments: {} },
    });
    const bytes = fc.oneof(
      fc.uint8Array().map((each) => Buffer.from(each)),
      fc.oneof(edited(good), edited(`[${good},${good}]`), fc.json(), text).map((each) => Buffer.from(each)),
      fc.nat(5_000).map((depth) => Buffer.from('['.repeat(depth))),
    );
    return fc.asyncProperty(bytes, async (body) => {
      const parsed = parseBody(body);
      if ('error' in parsed) expect([-32_700, -32_600]).toContain(parsed.error.code);
      else expect(parsed.messages.every(({ jsonrpc }) => jsonrpc === '2.0')).toBe(true);
      expect(Object.keys(Object.prototype)).toEqual([]);
    });
  },
};

const sse: FuzzTarget = {
  name: 'SSE framing',
  property: () =>
    fc.asyncProperty(fc.array(fc.oneof(text, fc.jsonValue()), { maxLength: 5 }), async (values) => {
      const messages = values.map((value, id) => ({ jsonrpc: '2.0', id, result: value }) as JsonRpcMessage);
      const events = readEvents(
        new Response(messages.map((message, id) => messageFrame(message, `${id}`)).join('')),
      );
      for (const [id, message] of messages.entries()) {
        const event = await events.next();
        expect(event).toMatchObject({ type: 'message', id: `${id}` });
        expect(JSON.parse(event!.data)).toEqual(JSON.parse(JSON.stringify(message)));
      }
      expect(await events.next()).toBeUndefined();
      expect(events.comments).toEqual([]);
    }),
};

const STATE = JSON.stringify({
  instanceId: 'a',
  pid: 4_711,
  procStart: '1',
  bootId: 'b',
  port: 8_443,
  version: '1',
  apiLevel: 1,
  rootSha256: 'c',
  startedAt: 'd',
  startedBy: { label: 'e', cwd: '/', pid: 1 },
});

const state: FuzzTarget = {
  name: 'state loader',
  property: () =>
    fc.asyncProperty(fc.oneof(edited(STATE), fc.json(), text), async (file) => {
      const read = parseState(file);
      if (!read) return;
      expect(Number.isSafeInteger(read.pid) && read.pid > 1).toBe(true);
      expect(Number.isInteger(read.port) && read.port > 0 && read.port < 65_536).toBe(true);
    }),
};

const MAX_LINE = 64;

const lines: FuzzTarget = {
  name: 'upstream line reader',
  property: () =>
    fc.asyncProperty(
      fc.array(
        fc.oneof(fc.string({ maxLength: 100 }), fc.constantFrom('\n', '\r\n', '\n\n', 'x'.repeat(MAX_LINE))),
      ),
      async (chunks) => {
        const seen: string[] = [];
        const reader = createLineReader({
          maxBytes: MAX_LINE,
          onLine: (line) => seen.push(line.toString('latin1')),
          onLongLine: (beginning) => seen.push(`long ${beginning.length}`),
        });
        for (const chunk of chunks) reader.write(Buffer.from(chunk, 'latin1'));
        reader.end();
        const whole = Buffer.from(chunks.join(''), 'latin1').toString('latin1').split('\n');
        const last = whole.pop();
        const expected = [...whole, ...(last ? [last] : [])].map((line) =>
          line.length > MAX_LINE ? `long ${MAX_LINE}` : line.replace(/\r$/, ''),
        );
        expect(seen).toEqual(expected);
      },
    ),
};

/** Every target; one of them keeps its keys in that directory. */
export const fuzzTargets = async (directory: string): Promise<readonly FuzzTarget[]> => [
  form,
  registration,
  redirect,
  await token(directory),
  jsonRpc,
  sse,
  state,
  lines,
];
