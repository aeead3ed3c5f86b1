/**
 * One server for clients of 2026-07-28: the SDK's handler checks headers, `_meta` and versions, answers
 * `server/discover`, serves `subscriptions/listen` and stamps results; everything else goes through the relay as it is.
 */
import {
  createMcpHandler,
  type Implementation,
  type McpServerFactory,
  Server,
  type ServerCapabilities,
} from '@modelcontextprotocol/server';
import { AjvJsonSchemaValidator } from '@modelcontextprotocol/server/validators/ajv';
import type { Caller } from '../../caller.ts';
import { isObject, type JsonObject } from '../../json-object.ts';
import { limits } from '../../limits.ts';
import { ERROR, isRequestId, jsonRpcError, type Params, type RequestId } from '../json-rpc.ts';
import { isDeclared } from '../relay/catalog.ts';
import type { Relay } from '../relay/relay.ts';
import { createChangeBus } from './change-bus.ts';
import { subscribeListener, withinLimits } from './listener.ts';
import type { ParkedCalls } from './parked-calls.ts';
import { serveRequest } from './serve-request.ts';
import { createStatelessClient } from './stateless-client.ts';
import { isEventStream } from './web-exchange.ts';

export interface ModernHandler {
  /** Serves a request whose body was read and parsed before. */
  fetch(request: Request, body: unknown, caller: Caller): Promise<Response>;
  /** Ends the streams of `subscriptions/listen` in good order, and what else is under way. */
  close(): Promise<void>;
}

interface Options {
  /** The server's name in Claude. */
  readonly name: string;
  readonly relay: Relay;
  readonly parked: ParkedCalls;
  onFault(error: Error): void;
}

/** One request on its way through the SDK. */
interface Passage {
  readonly caller: Caller;
  readonly method: string;
  /** Undefined for a notification. */
  readonly id: RequestId | undefined;
  /** Set when the server behind us does not know the method, which HTTP says with 404. */
  isUnknown: boolean;
  /** Set when the server behind us did not start. */
  hasFailed: boolean;
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
const LISTEN = 'subscriptions/listen';
/** The SDK's own word for a request that was given up. */
const GIVEN_UP = 499;

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

/** Passes a notification on; no server needs to start for it. */
function createNoticeServer({ name, relay }: Options, { caller }: Passage): Server {
  const server = new Server({ name, version: '' }, { jsonSchemaValidator });
  server.fallbackNotificationHandler = async ({ method, params }) => {
    const notification = { jsonrpc: '2.0', method, ...(params && { params }) } as const;
    relay.notify(createStatelessClient(caller.grantId), notification);
  };
  return server;
}

async function createRequestServer(options: Options, passage: Passage): Promise<Server> {
  const result = await options.relay.initialize().catch((error: unknown) => {
    passage.hasFailed = true;
    throw error;
  });
  const server = createServer(result);
  if (exists(result, passage.method)) {
    const onUnknownMethod = (): void => {
      passage.isUnknown = true;
    };
    const serving = { ...options, caller: passage.caller, server, onUnknownMethod };
    server.fallbackRequestHandler = (request, context) => serveRequest(serving, request, context);
  }
  return server;
}

const passageOf = (body: unknown, caller: Caller): Passage => {
  const { method, id } = isObject(body) ? body : {};
  return {
    caller,
    method: String(method),
    id: isRequestId(id) ? id : undefined,
    isUnknown: false,
    hasFailed: false,
  };
};

export function createModernHandler(options: Options): ModernHandler {
  const { name, relay, onFault } = options;
  let isClosed = false;
  const factory: McpServerFactory = ({ authInfo }) => {
    const passage = authInfo?.extra?.passage as Passage;
    return passage.id === undefined
      ? createNoticeServer(options, passage)
      : createRequestServer(options, passage);
  };
  const handler = createMcpHandler(factory, {
    legacy: 'reject',
    bus: createChangeBus(relay),
    keepAliveMs: 0,
    // Each has a connection of its own, and a grant has only so many: the SDK's limit would let one take another's place.
    maxSubscriptions: limits.connections,
    onerror: onFault,
  });

  const failed = (reason: string, { id }: Passage): Response =>
    Response.json(jsonRpcError(ERROR.internal, `the server ${name} ${reason}`, id));

  async function pass(request: Request, body: unknown, passage: Passage): Promise<Response> {
    const { clientId, scopes } = passage.caller;
    const authInfo = { token: '', clientId, scopes: [...scopes], extra: { passage } };
    const response = await handler.fetch(request, { parsedBody: body, authInfo });
    if (passage.hasFailed) return failed('did not start; claude-secure status tells why', passage);
    if (response.status === GIVEN_UP) return failed('is ending', passage);
    if (!passage.isUnknown || response.status !== 200) return response;
    return new Response(response.body, { status: 404, headers: response.headers });
  }

  return {
    async fetch(request, body, caller) {
      const passage = passageOf(body, caller);
      if (isClosed) return failed('is ending', passage);
      if (passage.method !== LISTEN) return pass(request, body, passage);
      const message = withinLimits(body);
      const response = await pass(request, message, passage);
      if (isEventStream(response))
        await subscribeListener({ relay, caller, message, signal: request.signal });
      return response;
    },
    async close() {
      isClosed = true;
      await handler.close();
    },
  };
}
