/**
 * One server for clients of 2026-07-28: the SDK's handler checks headers, `_meta` and versions, answers
 * `server/discover`, serves `subscriptions/listen` and stamps results; everything else goes through the relay as it is.
 */
import {
  CLIENT_CAPABILITIES_META_KEY,
  createMcpHandler,
  type Implementation,
  LOG_LEVEL_META_KEY,
  MissingRequiredClientCapabilityError,
  ProtocolError,
  Server,
  type ServerCapabilities,
  type ServerContext,
} from '@modelcontextprotocol/server';
import { AjvJsonSchemaValidator } from '@modelcontextprotocol/server/validators/ajv';
import type { Caller } from '../../caller.ts';
import { isObject, type JsonObject } from '../../json-object.ts';
import { ERROR, type JsonRpcError, type JsonRpcNotification, type Params } from '../json-rpc.ts';
import { isDeclared } from '../relay/catalog.ts';
import type { Relay } from '../relay/relay.ts';
import { createChangeBus } from './change-bus.ts';
import { isWanted } from './log-filter.ts';
import { modernError, modernResult, URL_ELICITATION_REQUIRED } from './modern-results.ts';
import type { ParkedCalls } from './parked-calls.ts';
import { createStatelessCall, type Outcome, type StatelessCall } from './stateless-call.ts';

export interface ModernHandler {
  /** Serves a request whose body was read and parsed before. */
  fetch(request: Request, body: unknown, caller: Caller): Promise<Response>;
  close(): Promise<void>;
}

interface Options {
  readonly relay: Relay;
  readonly parked: ParkedCalls;
  onFault(error: Error): void;
}

/** Made once: a schema compiler for each request would be most of its cost. */
const jsonSchemaValidator = new AjvJsonSchemaValidator();

/** What 2026-07-28 has a capability for: without it the method does not exist. */
const METHODS: Readonly<Record<string, string>> = {
  'completion/complete': 'completions',
  'prompts/get': 'prompts',
  'prompts/list': 'prompts',
  'resources/list': 'resources',
  'resources/read': 'resources',
  'resources/templates/list': 'resources',
  'tools/call': 'tools',
  'tools/list': 'tools',
};

interface Serving extends Options {
  readonly caller: Caller;
  readonly server: Server;
  /** Tells that the server behind us does not know the method, which HTTP says with 404. */
  onUnknownMethod(): void;
}

type FallbackRequest = Parameters<NonNullable<Server['fallbackRequestHandler']>>[0];
type Result = Awaited<ReturnType<NonNullable<Server['fallbackRequestHandler']>>>;

const fail = ({ code, message, data }: JsonRpcError['error']): ProtocolError =>
  new ProtocolError(code, message, data);

/** The call that the request begins or goes on with. Throws for a state that is not good for it. */
function findCall(
  { relay, parked, caller }: Serving,
  { method, params = {} }: FallbackRequest,
  { mcpReq }: ServerContext,
  binding: readonly unknown[],
): StatelessCall {
  const state: unknown = mcpReq.requestState();
  const found =
    typeof state === 'string' ? parked.take(state, binding) : state === undefined ? 'again' : undefined;
  if (found === undefined) {
    throw fail({ code: ERROR.invalidParams, message: 'Invalid or expired requestState' });
  }
  if (found !== 'again') return found;
  const envelope: JsonObject = mcpReq.envelope ?? {};
  const capabilities = envelope[CLIENT_CAPABILITIES_META_KEY];
  relay.raiseLogLevel(String(envelope[LOG_LEVEL_META_KEY]));
  return createStatelessCall({
    relay,
    caller,
    request: { jsonrpc: '2.0', id: mcpReq.id, method, params },
    capabilities: isObject(capabilities) ? capabilities : {},
  });
}

/** The pages that an error of 2025-11-25 sends the person to, as questions; undefined for any other error. */
function pagesOf({ code, data }: JsonRpcError['error']): JsonObject | undefined {
  if (code !== URL_ELICITATION_REQUIRED || !isObject(data) || !Array.isArray(data.elicitations))
    return undefined;
  const pages = data.elicitations
    .filter(isObject)
    .map(({ elicitationId: _, ...params }, index) => [
      `elicitation-${index + 1}`,
      { method: 'elicitation/create', params: { ...params, mode: 'url' } },
    ]);
  return pages.length > 0 ? Object.fromEntries(pages) : undefined;
}

function toResult(
  serving: Serving,
  request: FallbackRequest,
  outcome: Outcome & { is: 'done' },
  binding: readonly unknown[],
): Result {
  const { response, refused } = outcome;
  const hasFailed = 'error' in response || (isObject(response.result) && response.result.isError === true);
  if (refused && hasFailed) {
    throw new MissingRequiredClientCapabilityError({ requiredCapabilities: refused });
  }
  if (!('error' in response)) {
    return modernResult(request.method, isObject(response.result) ? response.result : {});
  }
  const pages = pagesOf(response.error);
  if (pages) {
    const requestState = serving.parked.again(binding);
    return { resultType: 'input_required', inputRequests: pages, requestState };
  }
  if (response.error.code === ERROR.methodNotFound) serving.onUnknownMethod();
  throw fail(modernError(response.error, request.params ?? {}));
}

/** Serves what the SDK does not serve itself. */
async function serve(serving: Serving, request: FallbackRequest, context: ServerContext): Promise<Result> {
  const { caller, server, parked } = serving;
  const { mcpReq } = context;
  const { _meta, ...params } = (request.params ?? {}) as Params;
  const binding = [caller.grantId, request.method, params];
  const call = findCall(serving, request, context, binding);
  const logLevel = (mcpReq.envelope as JsonObject | undefined)?.[LOG_LEVEL_META_KEY];
  const outcome = await call.run({
    answers: mcpReq.inputResponses ?? {},
    signal: mcpReq.signal,
    notify(message: JsonRpcNotification) {
      if (!isWanted(message, logLevel)) return;
      // Not `mcpReq.notify`: it knows only what the schema of its own revision knows.
      void server.transport?.send(message as never, { relatedRequestId: mcpReq.id });
    },
  });
  if (outcome.is === 'done') return toResult(serving, request, outcome, binding);
  const { inputRequests } = outcome;
  return { resultType: 'input_required', inputRequests, requestState: parked.park(call, binding) };
}

/** The server as its own `initialize` describes it, but for what 2026-07-28 has taken away. */
function createServer(result: Params): Server {
  const { tasks: _, ...capabilities } = result.capabilities as JsonObject;
  const { instructions } = result;
  return new Server(result.serverInfo as Implementation, {
    capabilities: capabilities as ServerCapabilities,
    jsonSchemaValidator,
    ...(typeof instructions === 'string' && { instructions }),
  });
}

const exists = (result: Params, method: string): boolean => {
  const capability = Object.hasOwn(METHODS, method) ? METHODS[method] : undefined;
  return capability === undefined || isDeclared(result, capability);
};

export function createModernHandler(options: Options): ModernHandler {
  const { relay, onFault } = options;
  const unknown = new WeakSet<Request>();
  const methods = new WeakMap<Request, string>();
  const handler = createMcpHandler(
    async ({ authInfo, requestInfo }) => {
      const result = await relay.initialize();
      const server = createServer(result);
      const web = requestInfo as Request;
      if (exists(result, methods.get(web) ?? '')) {
        const caller = authInfo?.extra?.caller as Caller;
        const serving = { ...options, caller, server, onUnknownMethod: () => unknown.add(web) };
        server.fallbackRequestHandler = (request, context) => serve(serving, request, context);
      }
      return server;
    },
    { legacy: 'reject', bus: createChangeBus(relay), keepAliveMs: 0, onerror: onFault },
  );
  return {
    async fetch(request, body, caller) {
      methods.set(request, isObject(body) ? String(body.method) : '');
      const authInfo = {
        token: '',
        clientId: caller.clientId,
        scopes: [...caller.scopes],
        extra: { caller },
      };
      const response = await handler.fetch(request, { parsedBody: body, authInfo });
      if (!unknown.has(request) || response.status !== 200) return response;
      return new Response(response.body, { status: 404, headers: response.headers });
    },
    close: handler.close,
  };
}
