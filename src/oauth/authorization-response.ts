import type { Exchange } from '../exchange.ts';
import type { AnswerTarget } from './authorization-request.ts';
import type { OAuthErrorCode } from './errors.ts';
import { respondRedirect } from './html.ts';
import { appendQuery } from './redirect-uri.ts';

type Answer =
  | { readonly code: string }
  | { readonly error: OAuthErrorCode; readonly error_description: string };

/** Sends the answer to the client through the browser, with `state` as it came and `iss` (RFC 9207 2). */
export function respondToClient(
  exchange: Exchange,
  { redirectUri, state }: AnswerTarget,
  answer: Answer & { readonly iss: string },
): void {
  respondRedirect(exchange, appendQuery(redirectUri, { ...answer, state }));
}
