/** The largest bodies that the daemon takes, filled with what costs most. */
import { limits } from '../../src/limits.ts';
import { openSession } from './mcp-session.ts';
import { statelessHeaders, statelessMessage } from './stateless-request.ts';
import type { ServedUpstreams } from './upstreams.ts';

const REDIRECT_URI = 'http://127.0.0.1:9/callback';

export interface Sent {
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly body: Buffer;
}

export interface Kind {
  readonly what: string;
  /** A body of that kind; each has another number. */
  make(number: number): Sent;
}

/** What is put into a body, and how many values of JSON each piece of it is. */
interface Filling {
  readonly what: string;
  readonly unit: string;
  readonly values: number;
  wrap(text: string): string;
}

const quote = (text: string): string => `"${text}"`;
const list = (text: string): string => `[${text}0]`;
const FILLINGS: readonly Filling[] = [
  { what: 'one text', unit: 'x', values: 0, wrap: quote },
  { what: 'one text of two bytes a character', unit: '日', values: 0, wrap: quote },
  { what: 'as many objects as there may be', unit: '{},', values: 2, wrap: list },
  { what: 'as many texts as there may be', unit: '"abc",', values: 1, wrap: list },
];

/** `make` with as much in it as the bytes and the number of values allow. */
function fill(
  bytes: number,
  { unit, values }: Pick<Filling, 'unit' | 'values'>,
  make: (text: string) => string,
) {
  const room = Math.floor((bytes - Buffer.byteLength(make(''))) / Buffer.byteLength(unit));
  const most = values === 0 ? room : Math.floor(limits.jsonValues / values) - OTHER_VALUES;
  return Buffer.from(make(unit.repeat(Math.min(room, most))));
}

/** Of the message around it. */
const OTHER_VALUES = 50;
const TEXT = { unit: 'x', values: 0 };

/** Calls of the server's tool `sleep`, of both revisions in turn, with all of these, and what OAuth takes. */
export async function largestBodies({ at, token }: ServedUpstreams, server: string): Promise<Kind[]> {
  const path = `/mcp/${server}`;
  const headers = {
    authorization: `Bearer ${token}`,
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
  };
  const sessions = [await openSession(at(server)), await openSession(at(server))];
  const params = { name: 'sleep', arguments: { ms: 1_000, more: 'MORE' } };
  const stateless = statelessMessage('tools/call', params);
  const calls = FILLINGS.map((filling): Kind => {
    const filled = (message: object): Buffer =>
      fill(limits.mcpBodyBytes, filling, (text) =>
        JSON.stringify(message).replace('"MORE"', () => filling.wrap(text)),
      );
    const body = filled(stateless);
    return {
      what: `calls with ${filling.what}`,
      make(id) {
        if (id % 2 === 0) return { path, headers: { ...headers, ...statelessHeaders(stateless) }, body };
        return {
          path,
          headers: { ...headers, 'mcp-session-id': sessions[Number(id % 4 === 1)]?.id ?? '' },
          body: filled({ jsonrpc: '2.0', id, method: 'tools/call', params }),
        };
      },
    };
  });
  const registration = fill(limits.registrationBodyBytes, TEXT, (text) =>
    JSON.stringify({ client_name: text, redirect_uris: [REDIRECT_URI] }),
  );
  const form = fill(
    limits.formBodyBytes,
    TEXT,
    (text) => `grant_type=refresh_token&client_id=x&refresh_token=${text}`,
  );
  const type = (value: string) => ({ 'content-type': value });
  return [
    ...calls,
    {
      what: 'registrations',
      make: () => ({ path: '/oauth/register', headers: type('application/json'), body: registration }),
    },
    {
      what: 'forms',
      make: () => ({
        path: '/oauth/token',
        headers: type('application/x-www-form-urlencoded'),
        body: form,
      }),
    },
  ];
}
