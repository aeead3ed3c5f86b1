import { isSpecType } from '@modelcontextprotocol/server';
import { isObject, type JsonObject } from '../../json-object.ts';

/** What a client may answer to each question (2026-07-28 mrtr, L229). */
const FORMS: Readonly<Record<string, (answer: unknown) => boolean>> = {
  'elicitation/create': isSpecType.ElicitResult,
  'roots/list': isSpecType.ListRootsResult,
  'sampling/createMessage': isSpecType.CreateMessageResultWithTools,
};

/** The questions that 2026-07-28 knows. */
export const isInputRequest = (method: string): boolean => Object.hasOwn(FORMS, method);

/** What stands in a whole JSON-RPC message: an answer is bare. */
const isWrapped = (answer: JsonObject): boolean => 'method' in answer || 'result' in answer;

/** True if the answer has the form that the question's method asks for; any other one is asked for again. */
export function isGoodAnswer(method: string, answer: unknown): answer is JsonObject {
  return isObject(answer) && !isWrapped(answer) && FORMS[method]?.(answer) === true;
}
