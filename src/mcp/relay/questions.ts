/**
 * What the server asks its clients: sampling, elicitation, roots, and whatever else is a request. Each question goes by
 * a number of our own, for a server that was started again begins to count anew, and only the client that was asked
 * can answer it.
 */
import { isObject } from '../../json-object.ts';
import { limits } from '../../limits.ts';
import type { Client } from '../client.ts';
import {
  ERROR,
  type JsonRpcMessage,
  type JsonRpcNotification,
  type JsonRpcRequest,
  type JsonRpcResponse,
  jsonRpcError,
  type RequestId,
} from '../json-rpc.ts';
import { missingCapability } from './client-capabilities.ts';
import type { PendingCall } from './pending-calls.ts';

/** Whom a question is for: the client, and the call that it belongs to. */
export interface Addressee {
  readonly client: Client;
  readonly call: PendingCall | undefined;
}

export interface Questions {
  ask(question: JsonRpcRequest, addressee: Addressee): void;
  /** Passes an answer on; nothing if this client was not asked that. */
  answer(client: Client, response: JsonRpcResponse): void;
  /** Whether a question to this client asked for progress under that token. */
  isProgress(client: Client, token: unknown): boolean;
  /** The server no longer wants to know. */
  cancel(notification: JsonRpcNotification): void;
  /** The client is gone. */
  endClient(client: Client): void;
  /** The server is gone: its questions are taken back. */
  endAll(): void;
  /** Refuses what was not answered for `limits.askMs`. */
  sweep(): void;
  /** Refuses a question that nobody can be asked. */
  refuse(question: JsonRpcRequest, reason: string): void;
}

interface Open extends Addressee {
  readonly upstreamId: RequestId;
  readonly askedMs: number;
  readonly token: unknown;
}

export interface QuestionsOptions {
  nextId(): number;
  nowMs(): number;
  /** Whether somebody still reads the call's own answer. */
  isOpen(call: PendingCall): boolean;
  /** Says something to the server. */
  send(message: JsonRpcMessage): void;
}

const cancelled = (requestId: RequestId, reason?: unknown): JsonRpcNotification => ({
  jsonrpc: '2.0',
  method: 'notifications/cancelled',
  params: { requestId, ...(typeof reason === 'string' && { reason }) },
});

export function createQuestions({ nextId, nowMs, isOpen, send }: QuestionsOptions): Questions {
  const open = new Map<RequestId, Open>();

  function say({ client, call }: Addressee, message: JsonRpcNotification): void {
    if (call && isOpen(call)) call.reply.notify(message);
    else client.tell(message);
  }

  function refuse(question: JsonRpcRequest, reason: string): void {
    send(jsonRpcError(ERROR.methodNotFound, reason, question.id));
  }

  function drop(matches: (question: Open) => boolean, reason: string): void {
    for (const [ownId, question] of open) {
      if (!matches(question)) continue;
      open.delete(ownId);
      send(jsonRpcError(ERROR.internal, reason, question.upstreamId));
    }
  }

  return {
    refuse,
    ask(question, { client, call }) {
      const missing = missingCapability(client.capabilities, question);
      if (missing) {
        if (call) call.refused = { ...call.refused, ...missing };
        return refuse(question, `the client has not declared the capability for ${question.method}`);
      }
      const isOfClient = (one: Open): boolean => one.client === client;
      if ([...open.values()].filter(isOfClient).length >= limits.upstreamQuestions) {
        return refuse(question, 'too many questions are open');
      }
      const id = nextId();
      const meta = question.params?._meta;
      const token = isObject(meta) ? meta.progressToken : undefined;
      open.set(id, { client, call, upstreamId: question.id, askedMs: nowMs(), token });
      if (call) call.reply.ask({ ...question, id });
      else if (!client.tell({ ...question, id })) {
        open.delete(id);
        refuse(question, 'the client cannot be reached now');
      }
    },
    isProgress(client, token) {
      return [...open.values()].some(
        (one) => one.client === client && one.token !== undefined && one.token === token,
      );
    },
    answer(client, response) {
      const question = response.id === undefined ? undefined : open.get(response.id);
      if (question?.client !== client) return;
      open.delete(response.id as RequestId);
      send({ ...response, id: question.upstreamId });
    },
    cancel({ params }) {
      for (const [ownId, question] of open) {
        if (question.upstreamId !== params?.requestId) continue;
        open.delete(ownId);
        say(question, cancelled(ownId, params.reason));
      }
    },
    endClient: (client) => drop((question) => question.client === client, 'the client is gone'),
    endAll() {
      for (const [ownId, question] of open) say(question, cancelled(ownId, 'the server ended'));
      open.clear();
    },
    sweep() {
      const before = nowMs() - limits.askMs;
      drop(({ askedMs }) => askedMs < before, 'the client did not answer in time');
    },
  };
}
