import type { JsonRpcResponse } from '../../../src/mcp/json-rpc.ts';
import type { Asked } from '../scripted-upstream.ts';

export interface Question {
  readonly method: string;
  readonly params: Record<string, unknown>;
}

export const ELICIT: Question = {
  method: 'elicitation/create',
  params: {
    message: 'What is your name?',
    requestedSchema: { type: 'object', properties: { name: { type: 'string' } } },
  },
};
export const SAMPLE: Question = { method: 'sampling/createMessage', params: { messages: [], maxTokens: 1 } };
export const ROOTS: Question = { method: 'roots/list', params: {} };

export interface Behaviour {
  /** Says progress before each round of questions and after the last one, and then a log message. */
  readonly talks?: boolean;
  /** The error that the first call gets. */
  readonly failsFirst?: object;
  /** What a call becomes whose question was refused; without it the refusal is an answer like any other. */
  readonly onRefusal?: 'error' | 'tool error';
}

export const DESCRIBED = {
  capabilities: { tools: {}, prompts: {}, resources: {}, completions: {}, logging: {} },
  serverInfo: { name: 'asking', version: '1' },
};

const outcomeOf = (response: JsonRpcResponse): unknown =>
  'error' in response ? { code: response.error.code } : response.result;

/**
 * A server whose every call asks those questions, round after round, each round at once, and has the answers for its
 * result.
 */
export function createAskingServer(
  rounds: readonly (readonly Question[])[],
  { talks, failsFirst, onRefusal }: Behaviour = {},
): (asked: Asked) => Promise<void> {
  let calls = 0;
  return async ({ request: { id, method, params }, ask, deliver, result }) => {
    if (method === 'logging/setLevel') return result({});
    calls++;
    if (failsFirst && calls === 1) return deliver({ jsonrpc: '2.0', id, error: failsFirst } as never);
    const { progressToken } = (params?._meta ?? {}) as { progressToken?: unknown };
    const step = (progress: number): void => {
      if (talks && progressToken !== undefined)
        deliver({ jsonrpc: '2.0', method: 'notifications/progress', params: { progressToken, progress } });
    };
    const answers: unknown[] = [];
    for (const [index, round] of rounds.entries()) {
      step(index);
      const responses = await Promise.all(round.map(ask));
      answers.push(...responses.map(outcomeOf));
      const isRefused = responses.some((response) => 'error' in response);
      if (isRefused && onRefusal === 'tool error') return result({ isError: true, content: [] });
      if (isRefused && onRefusal === 'error') {
        return deliver({ jsonrpc: '2.0', id, error: { code: -32_603, message: 'cannot ask' } });
      }
    }
    step(rounds.length);
    if (talks)
      deliver({ jsonrpc: '2.0', method: 'notifications/message', params: { level: 'info', data: 'x' } }, id);
    result({ answers });
  };
}
