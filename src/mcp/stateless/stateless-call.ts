/**
 * One call of a client without a session. It may take several rounds: where the server asks something, the client gets
 * the question as the result, and comes back with the answer and a new request (2026-07-28 mrtr). Between the rounds the
 * call stays open at the server: calling it again would do twice what it does.
 */
import type { Caller } from '../../caller.ts';
import type { JsonObject } from '../../json-object.ts';
import { limits } from '../../limits.ts';
import {
  ERROR,
  type JsonRpcNotification,
  type JsonRpcRequest,
  type JsonRpcResponse,
  jsonRpcError,
} from '../json-rpc.ts';
import { shortened } from '../relay/pending-calls.ts';
import type { Relay } from '../relay/relay.ts';
import { isGoodAnswer, isInputRequest } from './answers.ts';
import { inputRequestOf, mayAsk, nameQuestion } from './input-requests.ts';
import { createStatelessClient, type StatelessClient } from './stateless-client.ts';

/** How a round ends. */
export type Outcome =
  | { readonly is: 'done'; readonly response: JsonRpcResponse; readonly refused: JsonObject | undefined }
  | { readonly is: 'asking'; readonly inputRequests: JsonObject }
  | { readonly is: 'gone' };

/** One HTTP request of the call. */
export interface Round {
  /** Takes what the server says before its answer. */
  notify(message: JsonRpcNotification): void;
  /** What the client answers, by the key of the question. */
  readonly answers: JsonObject;
  /** What the client declares with this request; what it declared before does not count (2026-07-28 basic, L191). */
  readonly capabilities: JsonObject;
  /** Tells once that the exchange is over. Before the outcome that cancels the call (2026-07-28 transports, L235). */
  onClose(listener: () => void): void;
}

export interface StatelessCall {
  readonly grantId: string;
  run(round: Round): Promise<Outcome>;
  /** Gives the call up, wherever it stands. */
  abandon(): void;
}

export interface StatelessCallOptions {
  readonly relay: Relay;
  readonly caller: Caller;
  readonly request: JsonRpcRequest;
}

interface Life extends StatelessCallOptions {
  request: JsonRpcRequest;
  readonly client: StatelessClient;
  /** The questions that wait, by the key that the client knows them by. */
  readonly questions: Map<string, JsonRpcRequest>;
  /** Every key of the call: none is used twice. */
  readonly keys: Set<string>;
  /** What the client has answered without being asked. */
  answers: JsonObject;
  attending: { notify: Round['notify']; resolve(outcome: Outcome): void } | undefined;
  outcome: Outcome | undefined;
  isBegun: boolean;
  window: NodeJS.Timeout | undefined;
}

/** Gives the round its outcome, or keeps it for the next one. */
function conclude(life: Life, outcome: Outcome): void {
  clearTimeout(life.window);
  if (life.attending) life.attending.resolve(outcome);
  else life.outcome = outcome;
  life.attending = undefined;
}

/** Hands the open questions to the client; the server may serve others meanwhile. */
function park(life: Life): void {
  const { questions, relay, client, request } = life;
  if (!life.attending || questions.size === 0) return;
  relay.park(client, request.id);
  const entries = [...questions].map(([key, question]) => [key, inputRequestOf(question)]);
  conclude(life, { is: 'asking', inputRequests: Object.fromEntries(entries) });
}

function answer({ relay, client, questions }: Life, key: string, result: JsonObject): void {
  const question = questions.get(key);
  if (!question) return;
  questions.delete(key);
  relay.answer(client, { jsonrpc: '2.0', id: question.id, result });
}

function ask(life: Life, question: JsonRpcRequest): void {
  const { relay, client, request, questions, keys } = life;
  if (!mayAsk(request.method) || !isInputRequest(question.method)) {
    relay.answer(client, jsonRpcError(ERROR.methodNotFound, 'this cannot be asked here', question.id));
    return;
  }
  const key = nameQuestion(question, keys);
  keys.add(key);
  questions.set(key, question);
  const known = life.answers[key];
  if (isGoodAnswer(question.method, known)) {
    answer(life, key, known);
    return;
  }
  // Questions asked at once travel together.
  clearTimeout(life.window);
  life.window = setTimeout(park, limits.askWindowMs, life);
}

function takeBack({ questions }: Life, requestId: unknown): void {
  for (const [key, question] of questions) if (question.id === requestId) questions.delete(key);
}

function notify(life: Life, message: JsonRpcNotification): void {
  if (message.method === 'notifications/cancelled') takeBack(life, message.params?.requestId);
  else life.attending?.notify(message);
}

function begin(life: Life): void {
  const { relay, client, caller, request } = life;
  life.isBegun = true;
  relay.call({
    client,
    caller,
    request,
    reply: {
      notify: (message) => notify(life, message),
      ask: (question) => ask(life, question),
      finish: (response, refused) => conclude(life, { is: 'done', response, refused }),
      abandon() {},
    },
  });
  // The relay has it; what is left here may wait for a person.
  life.request = shortened(request);
}

/**
 * Passes on what was answered; what was not, or not in the form that it must have, is asked again. Questions that the
 * server has taken back meanwhile need no answer: the call goes on.
 */
function resume(life: Life, answers: JsonObject): void {
  const { relay, client, request, questions } = life;
  const good = [...questions].filter(([key, { method }]) => isGoodAnswer(method, answers[key]));
  if (questions.size > 0 && good.length === 0) {
    park(life);
    return;
  }
  relay.resume(client, request.id, () => {
    for (const [key] of good) answer(life, key, answers[key] as JsonObject);
    if (questions.size > 0) life.window = setTimeout(park, limits.askWindowMs, life);
  });
}

function run(life: Life, { notify: tell, answers, capabilities, onClose }: Round): Promise<Outcome> {
  return new Promise((resolve) => {
    const attending = { notify: tell, resolve };
    life.attending = attending;
    life.client.capabilities = capabilities;
    onClose(() => {
      if (life.attending !== attending) return;
      life.attending = undefined;
      abandon(life);
      resolve({ is: 'gone' });
    });
    // It is gone already.
    if (life.attending !== attending) return;
    if (life.outcome) conclude(life, life.outcome);
    else if (life.isBegun) resume(life, answers);
    else {
      life.answers = answers;
      begin(life);
    }
  });
}

function abandon(life: Life): void {
  clearTimeout(life.window);
  life.relay.detach(life.client);
}

export function createStatelessCall(options: StatelessCallOptions): StatelessCall {
  const { grantId } = options.caller;
  const life: Life = {
    ...options,
    client: createStatelessClient(grantId),
    questions: new Map(),
    keys: new Set(),
    answers: {},
    attending: undefined,
    outcome: undefined,
    isBegun: false,
    window: undefined,
  };
  return {
    grantId,
    run: (round) => run(life, round),
    abandon: () => abandon(life),
  };
}
