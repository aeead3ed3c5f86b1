/** One server for clients of 2026-07-28: what the SDK lets pass goes through the relay, the rest is the SDK's own. */
import { isRequest, type Params } from '../json-rpc.ts';
import type { Received } from '../receive.ts';
import { lift } from './lifted.ts';
import { exists } from './modern-methods.ts';
import type { ParkedCalls } from './parked-calls.ts';
import { isPlain } from './plain-request.ts';
import { createSdkJudge, ENDING, failed, NOT_STARTED, type SdkJudgeOptions } from './sdk-judge.ts';
import { serveRequest } from './serve-request.ts';
import type { StatelessAnswer } from './stateless-answer.ts';
import { answerWith } from './web-exchange.ts';

export interface ModernHandler {
  /** Answers a request, or takes a notification; resolves once that is done. */
  serve(received: Received, answer: StatelessAnswer): Promise<void>;
  /** Ends the streams of `subscriptions/listen` in good order, and what else is under way. */
  close(): Promise<void>;
}

interface Options extends SdkJudgeOptions {
  readonly parked: ParkedCalls;
}

export function createModernHandler(options: Options): ModernHandler {
  const { name, relay } = options;
  const judge = createSdkJudge(options);
  let isClosed = false;

  async function verdictOn({ exchange, caller, messages, isBatch }: Received): Promise<Response | Params> {
    const [message] = messages;
    const request = message && isRequest(message) ? message : undefined;
    if (isClosed) return failed(name, ENDING, request?.id);
    if (request && !isBatch && isPlain(exchange.headers, request)) {
      const result = await relay.initialize().catch(() => undefined);
      if (!result) return failed(name, NOT_STARTED, request.id);
      if (exists(result, request.method)) return result;
    }
    return judge.judge({ exchange, caller, body: isBatch ? messages : message });
  }

  return {
    async serve(received, answer) {
      const { caller, messages } = received;
      const [message] = messages;
      const verdict = await verdictOn(received);
      if (verdict instanceof Response) await answerWith(answer, verdict);
      else if (message && isRequest(message)) {
        const { serverInfo } = verdict;
        await serveRequest({ ...options, caller, answer, serverInfo }, lift(message));
      }
    },
    async close() {
      isClosed = true;
      await judge.close();
    },
  };
}
