import type { ResponseHeaders } from '../exchange.ts';

const NAME = /^[a-z0-9-]+$/;
const VALUE = /^[\t\x20-\x7e]*$/;

/**
 * R20: throws `TypeError` for a header that could end its own line. uWebSockets.js writes CR and LF out as they
 * come (measured), node:https lets U+0080 to U+00FF pass. The value is not in the message: it may be a secret.
 */
export function assertHeaders(headers: ResponseHeaders): void {
  for (const name in headers) {
    if (!NAME.test(name) || !VALUE.test(headers[name] as string)) {
      throw new TypeError(`the header ${JSON.stringify(name)} cannot be sent`);
    }
  }
}
