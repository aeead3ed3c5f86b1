/**
 * The SDK's handler of 2026-07-28: it checks headers, `_meta` and versions, answers `server/discover` and serves
 * `subscriptions/listen`. What it would pass to a server it only lets pass.
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
import type { Exchange } from '../../exchange.ts';
import { isObject, type JsonObject } from '../../json-object.ts';
import { limits } from '../../limits.ts';
import { ERROR, isRequestId, jsonRpcError, type Params, type RequestId } from '../json-rpc.ts';
import type { Relay } from '../relay/relay.ts';
import { createChangeBus } from './change-bus.ts';
import { subscribeListener, withinLimits } from './listener.ts';
import { exists } from './modern-methods.ts';
import { createStatelessClient } from './stateless-client.ts';
import { isEventStream, toWebRequest } from './web-exchange.ts';

/** A request whose body was read and parsed before. */
export interface Judged {
  readonly exchange: Exchange;
  readonly caller: Caller;
  readonly body: unknown;
}

export interface SdkJudge {
  /** The answer; or, for a request that may pass, the `initialize` result of the server that it goes to. */
  judge(judged: Judged): Promise<Response | Params>;
  /** Ends the streams of `subscriptions/listen` in good order, and what else is under way. */
  close(): Promise<void>;
}

export interface SdkJudgeOptions {
  /** The server's name in Claude. */
  readonly name: string;
  readonly relay: Relay;
  onFault(error: Error): void;
}

/** One request on its way through the SDK. */
interface Passage {
  readonly caller: Caller;
  readonly method: string;
  /** Undefined for a notification. */
  readonly id: RequestId | undefined;
  /** Set when the server behind us did not start. */
  hasFailed: boolean;
  /** Set when the request may pass. */
  goesTo: Params | undefined;
}

/** Made once: a schema compiler for each request would be most of its cost. */
const jsonSchemaValidator = new AjvJsonSchemaValidator();

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

/** Passes a notification on; no server needs to start for it. */
function createNoticeServer({ name, relay }: SdkJudgeOptions, { caller }: Passage): Server {
  const server = new Server({ name, version: '' }, { jsonSchemaValidator });
  server.fallbackNotificationHandler = async ({ method, params }) => {
    const notification = { jsonrpc: '2.0', method, ...(params && { params }) } as const;
    relay.notify(createStatelessClient(caller.grantId), notification);
  };
  return server;
}

async function createRequestServer({ relay }: SdkJudgeOptions, passage: Passage): Promise<Server> {
  const result = await relay.initialize().catch((error: unknown) => {
    passage.hasFailed = true;
    throw error;
  });
  const server = createServer(result);
  if (exists(result, passage.method)) {
    server.fallbackRequestHandler = async () => {
      passage.goesTo = result;
      return {};
    };
  }
  return server;
}

function passageOf({ body, caller }: Judged): Passage {
  const { method, id } = isObject(body) ? body : {};
  return {
    caller,
    method: String(method),
    id: isRequestId(id) ? id : undefined,
    hasFailed: false,
    goesTo: undefined,
  };
}

/** The answer for a server that cannot give one. */
export const failed = (name: string, reason: string, id: RequestId | undefined): Response =>
  Response.json(jsonRpcError(ERROR.internal, `the server ${name} ${reason}`, id));
export const NOT_STARTED = 'did not start; claude-secure status tells why';
export const ENDING = 'is ending';

export function createSdkJudge(options: SdkJudgeOptions): SdkJudge {
  const { name, relay, onFault } = options;
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

  async function pass(request: Request, body: unknown, passage: Passage): Promise<Response | Params> {
    const { clientId, scopes } = passage.caller;
    const authInfo = { token: '', clientId, scopes: [...scopes], extra: { passage } };
    const response = await handler.fetch(request, { parsedBody: body, authInfo });
    if (passage.hasFailed) return failed(name, NOT_STARTED, passage.id);
    if (response.status === GIVEN_UP) return failed(name, ENDING, passage.id);
    return passage.goesTo ?? response;
  }

  return {
    async judge(judged) {
      const { exchange, caller, body } = judged;
      const passage = passageOf(judged);
      const gone = new AbortController();
      let isUnderWay = true;
      exchange.onClose(() => {
        // Aborting what is over would build an error with a stack.
        if (isUnderWay) gone.abort();
      });
      const message = passage.method === LISTEN ? withinLimits(body) : body;
      const verdict = await pass(toWebRequest(exchange.headers, gone.signal), message, passage);
      isUnderWay = verdict instanceof Response && isEventStream(verdict);
      if (isUnderWay) await subscribeListener({ relay, caller, message, signal: gone.signal });
      return verdict;
    },
    close: handler.close,
  };
}
