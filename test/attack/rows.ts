import type { HttpsAnswer } from '../support/https-request.ts';
import type { AppRequest } from '../support/oauth-app.ts';

/** How a row of test/corpus changes a good request. Words in capitals stand for what only a test knows. */
export interface Row {
  name: string;
  /** Parameters to replace; null leaves one out. */
  set?: Record<string, string | null>;
  /** Behind the other parameters, as it is. */
  append?: string;
  error?: string;
}

export interface TokenRow extends Row {
  status: number;
  /** How the parameters travel, if not as the form that they belong in. */
  as?: 'json' | 'query';
  /** Behind the path. */
  query?: string;
  contentType?: string;
  authorization?: string;
  /** Whether a good request finds the code used up. */
  burned?: boolean;
}

export interface RegistrationRow {
  name: string;
  /** Sent as it is, or as JSON. */
  body: unknown;
  error?: string;
}

/** What the words in capitals stand for. */
export type Words = Readonly<Record<string, string>>;

/** The text with every word replaced. */
export const fill = (text: string, words: Words): string =>
  text.replace(/[A-Z_]{5,}/g, (word) => words[word] ?? word);

/** The parameters of a good request as the row wants them. */
export function parametersOf({ set = {}, append }: Row, good: Words, words: Words): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries({ ...good, ...set })) {
    if (value !== null) parameters.append(name, fill(value, words));
  }
  return append === undefined ? `${parameters}` : `${parameters}&${fill(append, words)}`;
}

/** The request of a row at the token or the revocation endpoint. */
export function formRequest(path: string, row: TokenRow, good: Words, words: Words): AppRequest {
  const parameters = parametersOf(row, good, words);
  const { as, query, contentType, authorization } = row;
  const type = as === 'json' ? 'application/json' : 'application/x-www-form-urlencoded';
  const headers: Record<string, string> = { 'content-type': contentType ?? type };
  if (authorization !== undefined) headers.authorization = fill(authorization, words);
  const inQuery = as === 'query' ? parameters : query;
  const inForm = as === 'query' ? '' : parameters;
  return {
    method: 'POST',
    path: inQuery === undefined ? path : `${path}?${inQuery}`,
    headers,
    body: as === 'json' ? JSON.stringify(Object.fromEntries(new URLSearchParams(parameters))) : inForm,
  };
}

/** Status and error code of a JSON answer; no code of an empty one. */
export function outcomeOf({ status, text }: HttpsAnswer): { status: number; error?: string } {
  const { error } = text === '' ? { error: undefined } : JSON.parse(text);
  return { status, ...(error && { error }) };
}
