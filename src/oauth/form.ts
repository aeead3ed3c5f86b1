import type { Exchange } from '../exchange.ts';
import { limits } from '../limits.ts';
import { OAuthError } from './errors.ts';

export interface Parameters {
  /** The first value; undefined for an absent and for an empty one (RFC 6749 3.1). */
  get(name: string): string | undefined;
  /** Throws `invalid_request` without a value. */
  require(name: string): string;
  /** Every value: only `resource` may come more than once (RFC 8707 2). */
  readonly resources: readonly string[];
  /** The other names that came more than once. */
  readonly repeated: ReadonlySet<string>;
}

/** Reads `name=value&…`. */
export function parseParameters(text: string): Parameters {
  const values = new Map<string, string>();
  const repeated = new Set<string>();
  const resources: string[] = [];
  for (const [name, value] of new URLSearchParams(text)) {
    if (name === 'resource') {
      if (value !== '') resources.push(value);
    } else if (values.has(name)) {
      repeated.add(name);
    } else {
      values.set(name, value);
    }
  }
  const get = (name: string): string | undefined => values.get(name) || undefined;
  return {
    get,
    require(name) {
      const value = get(name);
      if (value === undefined) throw new OAuthError(400, 'invalid_request', `${name} is missing`);
      return value;
    },
    resources,
    repeated,
  };
}

/** Throws `invalid_request` if a name came twice (RFC 6749 3.1). */
export function refuseRepeated({ repeated }: Parameters): void {
  if (repeated.size > 0) throw new OAuthError(400, 'invalid_request', 'a parameter came more than once');
}

/** The media type without its parameters, in lower case. */
export const mediaType = (exchange: Exchange): string =>
  (exchange.headers['content-type'] ?? '').split(';', 1).join().trim().toLowerCase();

/** The form in the body. Throws `invalid_request` for another media type, a repeated name, or anything in the query. */
export async function readForm(exchange: Exchange): Promise<Parameters> {
  const bytes = await exchange.body(limits.formBodyBytes);
  if (mediaType(exchange) !== 'application/x-www-form-urlencoded') {
    throw new OAuthError(400, 'invalid_request', 'the body must be application/x-www-form-urlencoded');
  }
  if (exchange.query !== '') throw new OAuthError(400, 'invalid_request', 'parameters belong in the body');
  const form = parseParameters(bytes.toString('utf8'));
  refuseRepeated(form);
  return form;
}
