/** From a request that the SDK has checked to its result, by way of the relay. */
import {
  CLIENT_CAPABILITIES_META_KEY,
  LOG_LEVEL_META_KEY,
  MissingRequiredClientCapabilityError,
  ProtocolError,
  type Server,
  type ServerContext,
} from '@modelcontextprotocol/server';
import type { Caller } from '../../caller.ts';
import { isObject, type JsonObject } from '../../json-object.ts';
import { ERROR, type JsonRpcError, type JsonRpcNotification, type Params } from '../json-rpc.ts';
import { missingCapability } from '../relay/client-capabilities.ts';
import type { Relay } from '../relay/relay.ts';
import { mayAsk } from './input-requests.ts';
import { modernError, modernResult } from './modern-results.ts';
import type { ParkedCalls } from './parked-calls.ts';
import { createStatelessCall, type Outcome, type StatelessCall } from './stateless-call.ts';
import { urlPagesOf } from './url-pages.ts';
import { asWanted } from './wanted.ts';

export interface Serving {
  /** The server's name in Claude. */
  readonly name: string;
  readonly relay: Relay;
  readonly parked: ParkedCalls;
  readonly caller: Caller;
  readonly server: Server;
  /** Tells that the server behind us does not know the method, which HTTP says with 404. */
  onUnknownMethod(): void;
}

type FallbackRequest = Parameters<NonNullable<Server['fallbackRequestHandler']>>[0];
type Result = Awaited<ReturnType<NonNullable<Server['fallbackRequestHandler']>>>;

/** A request with what its client declares. */
interface Asked {
  readonly request: FallbackRequest;
  readonly mcpReq: ServerContext['mcpReq'];
  readonly capabilities: JsonObject;
  /** Whom and what a `requestState` is for. */
  readonly binding: readonly unknown[];
}

const PAGE = { jsonrpc: '2.0', id: 0, method: 'elicitation/create', params: { mode: 'url' } } as const;

const fail = ({ code, message, data }: JsonRpcError['error']): ProtocolError =>
  new ProtocolError(code, message, data);

/** The call that the request begins or goes on with, and the answers for it. Throws for a state that is not good. */
function findCall(
  { relay, parked, caller }: Serving,
  { request: { method, params = {} }, mcpReq, binding }: Asked,
): { call: StatelessCall; answers: JsonObject } {
  const answers: JsonObject = mcpReq.inputResponses ?? {};
  const state: unknown = mcpReq.requestState();
  const begin = (): StatelessCall =>
    createStatelessCall({ relay, caller, request: { jsonrpc: '2.0', id: mcpReq.id, method, params } });
  if (state === undefined) return { call: begin(), answers };
  const found = typeof state === 'string' ? parked.take(state, binding) : undefined;
  if (found === undefined) {
    throw fail({ code: ERROR.invalidParams, message: 'Invalid or expired requestState' });
  }
  // The answers are about pages: what the call asks when it is made again is another question under the same key.
  return found === 'again' ? { call: begin(), answers: {} } : { call: found, answers };
}

function toError(
  { parked, onUnknownMethod }: Serving,
  { request: { method, params = {} }, capabilities, binding }: Asked,
  error: JsonRpcError['error'],
): Result {
  const pages = mayAsk(method) ? urlPagesOf(error) : undefined;
  const missing = pages && missingCapability(capabilities, PAGE);
  if (missing) throw new MissingRequiredClientCapabilityError({ requiredCapabilities: missing });
  if (pages) {
    return { resultType: 'input_required', inputRequests: pages, requestState: parked.again(binding) };
  }
  if (error.code === ERROR.methodNotFound) onUnknownMethod();
  throw fail(modernError(error, params));
}

function toResult(serving: Serving, asked: Asked, outcome: Outcome & { is: 'done' }): Result {
  const { response, refused } = outcome;
  const result = 'result' in response && isObject(response.result) ? response.result : {};
  if (refused && ('error' in response || result.isError === true)) {
    throw new MissingRequiredClientCapabilityError({ requiredCapabilities: refused });
  }
  if ('error' in response) return toError(serving, asked, response.error);
  return modernResult(asked.request.method, result);
}

/** Serves what the SDK does not serve itself. Throws the protocol's errors. */
export async function serveRequest(
  serving: Serving,
  request: FallbackRequest,
  { mcpReq }: ServerContext,
): Promise<Result> {
  const { name, caller, server, parked, relay } = serving;
  const { _meta, ...params } = (request.params ?? {}) as Params;
  const envelope: JsonObject = mcpReq.envelope ?? {};
  const declared = envelope[CLIENT_CAPABILITIES_META_KEY];
  const capabilities = isObject(declared) ? declared : {};
  const asked = { request, mcpReq, capabilities, binding: [name, caller.grantId, request.method, params] };
  const wanted = {
    logLevel: envelope[LOG_LEVEL_META_KEY],
    progressToken: isObject(_meta) ? _meta.progressToken : undefined,
  };
  const { call, answers } = findCall(serving, asked);
  relay.raiseLogLevel(wanted.logLevel);
  const outcome = await call.run({
    answers,
    capabilities,
    signal: mcpReq.signal,
    notify(message: JsonRpcNotification) {
      const passed = asWanted(message, wanted);
      // Not `mcpReq.notify`: it knows only what the schema of its own revision knows.
      if (passed) void server.transport?.send(passed as never, { relatedRequestId: mcpReq.id });
    },
  });
  if (outcome.is === 'done') return toResult(serving, asked, outcome);
  const { inputRequests } = outcome;
  return { resultType: 'input_required', inputRequests, requestState: parked.park(call, asked.binding) };
}
