import type { Caller } from '../caller.ts';
import type { Exchange } from '../exchange.ts';
import { limits } from '../limits.ts';
import { isRequest, type ParsedBody, parseBody } from './json-rpc.ts';
import { shapeOf, weightOf } from './json-shape.ts';
import type { OpenBodies } from './open-bodies.ts';
import { isForeignVersion } from './protocol-version.ts';
import { type Refusal, tooMuchAtOnce, unsupportedMediaType, unsupportedVersion } from './refusal.ts';

/** Gives the caller behind a request's bearer token; has answered the exchange where it gives undefined. */
export type Authenticate = (exchange: Exchange) => Caller | undefined | Promise<Caller | undefined>;

export interface Received extends ParsedBody {
  readonly exchange: Exchange;
  readonly caller: Caller;
}

/** A posted body of an authenticated caller; undefined where the exchange was answered. */
export async function receive(
  exchange: Exchange,
  { authenticate, bodies }: { readonly authenticate: Authenticate; readonly bodies: OpenBodies },
): Promise<Received | Refusal | undefined> {
  const authenticated = authenticate(exchange);
  if (authenticated === undefined) return undefined;
  // Asked for before the first await, as the port demands; not awaited until the caller is known.
  const body = exchange.body(limits.mcpBodyBytes).catch(() => undefined);
  const first = await authenticated;
  if (!first) return undefined;
  if (!isJson(exchange.headers['content-type'])) return unsupportedMediaType();
  const bytes = await body;
  // Too large or gone: the engine has answered.
  if (!bytes) return undefined;
  // R45: a body may take half a minute, and the token end meanwhile.
  const caller = first.ended.aborted ? await authenticate(exchange) : first;
  if (!caller) return undefined;
  const shape = shapeOf(bytes);
  if (shape.values <= limits.jsonValues && !bodies.hold(exchange, weightOf(shape))) return tooMuchAtOnce();
  const parsed = parseBody(bytes, shape);
  if ('error' in parsed) return { status: 400, error: parsed };
  return { ...parsed, exchange, caller };
}

/** Refuses what is of no revision that our sessions speak. */
export function refuseForeignVersion({ exchange, messages }: Received): Refusal | undefined {
  if (!isForeignVersion(exchange.headers, messages)) return undefined;
  return unsupportedVersion(messages.find(isRequest)?.id);
}

/** True for `application/json` with no charset but UTF-8, the only one JSON has (RFC 8259 section 8.1). */
function isJson(contentType = ''): boolean {
  if (contentType === 'application/json') return true;
  return /^application\/json\s*(;\s*charset\s*=\s*"?utf-?8"?\s*)?$/i.test(contentType);
}
