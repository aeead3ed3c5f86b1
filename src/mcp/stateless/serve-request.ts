/** From a request that may pass to its answer, by way of the relay. */
import { MissingRequiredClientCapabilityError, ProtocolErrorCode } from '@modelcontextprotocol/server';
import type { Caller } from '../../caller.ts';
import { isObject, type JsonObject } from '../../json-object.ts';
import { ERROR, type JsonRpcError, type JsonRpcResponse } from '../json-rpc.ts';
import { missingCapability } from '../relay/client-capabilities.ts';
import type { Relay } from '../relay/relay.ts';
import { mayAsk } from './input-requests.ts';
import type { Lifted } from './lifted.ts';
import { modernError, modernResult, signed } from './modern-results.ts';
import type { ParkedCalls } from './parked-calls.ts';
import type { StatelessAnswer } from './stateless-answer.ts';
import { createStatelessCall, type Outcome, type StatelessCall } from './stateless-call.ts';
import { urlPagesOf } from './url-pages.ts';
import { asWanted } from './wanted.ts';

export interface Serving {
  /** The server's name in Claude. */
  readonly name: string;
  readonly relay: Relay;
  readonly parked: ParkedCalls;
  readonly caller: Caller;
  readonly answer: StatelessAnswer;
  /** As the server names itself. */
  readonly serverInfo: unknown;
}

/** A request, and whom and what a `requestState` for it is good for. */
interface Asked extends Lifted {
  readonly binding: readonly unknown[];
}

type Said = { readonly result: JsonObject } | { readonly error: JsonRpcError['error'] };

const PAGE = { jsonrpc: '2.0', id: 0, method: 'elicitation/create', params: { mode: 'url' } } as const;

const BAD_STATE: Said = {
  error: { code: ERROR.invalidParams, message: 'Invalid or expired requestState' },
};

/** What HTTP says with a status of its own; every other error is an answer like any. */
const STATUS: Readonly<Record<number, number>> = {
  [ERROR.methodNotFound]: 404,
  [ProtocolErrorCode.MissingRequiredClientCapability]: 400,
};

function missing(requiredCapabilities: JsonObject): Said {
  const { code, message, data } = new MissingRequiredClientCapabilityError({ requiredCapabilities });
  return { error: { code, message, data } };
}

const asking = (inputRequests: JsonObject, requestState: string): Said => ({
  result: { resultType: 'input_required', inputRequests, requestState },
});

/** The call that the request begins or goes on with, and the answers for it; undefined for a state that is not good. */
function findCall(
  { relay, parked, caller }: Serving,
  { request, answers, state, binding }: Asked,
): { call: StatelessCall; answers: JsonObject } | undefined {
  const begin = (): StatelessCall => createStatelessCall({ relay, caller, request });
  if (state === undefined) return { call: begin(), answers };
  const found = typeof state === 'string' ? parked.take(state, binding) : undefined;
  // The answers are about pages: what the call asks when it is made again is another question under the same key.
  if (found === 'again') return { call: begin(), answers: {} };
  return found && { call: found, answers };
}

function toError(
  { parked }: Serving,
  { request: { method, params = {} }, capabilities, binding }: Asked,
  error: JsonRpcError['error'],
): Said {
  const pages = mayAsk(method) ? urlPagesOf(error) : undefined;
  if (!pages) return { error: modernError(error, params) };
  const lacking = missingCapability(capabilities, PAGE);
  return lacking ? missing(lacking) : asking(pages, parked.again(binding));
}

function toSaid(serving: Serving, asked: Asked, { response, refused }: Outcome & { is: 'done' }): Said {
  const result = 'result' in response && isObject(response.result) ? response.result : {};
  if (refused && ('error' in response || result.isError === true)) return missing(refused);
  if ('error' in response) return toError(serving, asked, response.error);
  return { result: modernResult(asked.request.method, result) };
}

/** Undefined if the client has left. */
async function run(serving: Serving, asked: Asked): Promise<Said | undefined> {
  const { parked, relay, answer } = serving;
  const { capabilities, logLevel, binding, request } = asked;
  const found = findCall(serving, asked);
  if (!found) return BAD_STATE;
  const { call, answers } = found;
  const meta = request.params?._meta;
  const wanted = { logLevel, progressToken: isObject(meta) ? meta.progressToken : undefined };
  relay.raiseLogLevel(logLevel);
  const outcome = await call.run({
    answers,
    capabilities,
    onClose: answer.exchange.onClose,
    notify(message) {
      const passed = asWanted(message, wanted);
      if (passed) answer.notify(passed);
    },
  });
  if (outcome.is === 'gone') return undefined;
  if (outcome.is === 'done') return toSaid(serving, asked, outcome);
  return asking(outcome.inputRequests, parked.park(call, binding));
}

export async function serveRequest(serving: Serving, lifted: Lifted): Promise<void> {
  const { name, caller, answer, serverInfo } = serving;
  const { id, method, params = {} } = lifted.request;
  const { _meta, ...own } = params;
  const said = await run(serving, { ...lifted, binding: [name, caller.grantId, method, own] });
  if (!said) return;
  const response: JsonRpcResponse =
    'error' in said
      ? { jsonrpc: '2.0', id, error: said.error }
      : { jsonrpc: '2.0', id, result: signed(said.result, serverInfo) };
  answer.finish('error' in said ? (STATUS[said.error.code] ?? 200) : 200, response);
}
