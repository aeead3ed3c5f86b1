import fc from 'fast-check';
import { expect, it } from 'vitest';
import { limits } from '../../../src/limits.ts';
import { isRequest, type JsonRpcMessage, type Params, type RequestId } from '../../../src/mcp/json-rpc.ts';
import { createScriptedPeer } from './scripted-peer.ts';
import { type ScriptedClient, type Started, startRelay } from './start-relay.ts';

type Step =
  | { readonly do: 'call'; readonly who: number; readonly id: RequestId; readonly method: string }
  | { readonly do: 'finish' | 'ask' | 'log' | 'progress' | 'take back'; readonly which: number }
  | { readonly do: 'answer' | 'cancel' | 'park' | 'resume'; readonly who: number; readonly which: number }
  | { readonly do: 'leave'; readonly who: number }
  | { readonly do: 'crash' | 'wait' };

const who = fc.nat(2);
const which = fc.nat(5);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('call' as const),
      who,
      id: fc.constantFrom<RequestId>(0, 1, '', '1', '__proto__'),
      method: fc.constantFrom('tools/call', 'tools/call', 'vendor/unknown', 'tools/list'),
    }),
  },
  {
    weight: 12,
    arbitrary: fc.record({
      do: fc.constantFrom('finish' as const, 'ask', 'ask', 'log', 'progress', 'take back'),
      which,
    }),
  },
  {
    weight: 7,
    arbitrary: fc.record({
      do: fc.constantFrom('answer' as const, 'answer', 'cancel', 'park', 'resume'),
      who,
      which,
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('leave' as const), who }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('crash' as const, 'wait') }) },
);

/** A call as the server has it: it says and asks everything with the secret of whoever made it. */
interface Work {
  readonly id: RequestId;
  readonly secret: unknown;
  readonly method: string;
  readonly progressToken: RequestId;
  readonly questions: Set<RequestId>;
  isParked: boolean;
}

/** The server, which knows what it works for, and never tells. */
class Server {
  readonly peer = createScriptedPeer((request) => {
    if (!('secret' in (request.params ?? {}))) return undefined;
    const { secret, _meta } = request.params as { secret: unknown; _meta: { progressToken: RequestId } };
    const { id, method } = request;
    const { progressToken } = _meta;
    this.works.push({ id, secret, method, progressToken, questions: new Set(), isParked: false });
    return 'silence';
  });
  works: Work[] = [];
  readonly #secretOf = new Map<RequestId, unknown>();
  #read = 0;
  #lastQuestion = 0;

  say(kind: 'finish' | 'ask' | 'log' | 'progress' | 'take back', which: number): void {
    const work = this.works[which];
    if (!work) return;
    const { id, secret, method, progressToken, questions, isParked } = work;
    const { life } = this.peer;
    if (kind === 'log') life.say({ method: 'notifications/message', params: { level: 'error', secret } });
    if (kind === 'progress') {
      life.say({ method: 'notifications/progress', params: { progressToken, progress: 1, secret } });
    }
    // It waits for the answer that it is parked for before it asks again.
    if (kind === 'ask' && method !== 'tools/list' && !isParked) {
      const questionId = ++this.#lastQuestion;
      questions.add(questionId);
      this.#secretOf.set(questionId, secret);
      life.say({ id: questionId, method: 'sampling/createMessage', params: { secret } });
    }
    const [first] = questions;
    if (kind === 'take back' && first !== undefined) {
      questions.delete(first);
      life.say({ method: 'notifications/cancelled', params: { requestId: first } });
    }
    // It does not answer before it has been answered.
    if (kind === 'finish' && questions.size === 0) {
      this.works.splice(which, 1);
      life.result(id, { secret });
    }
  }

  /** Reads what it was sent since: each answer must be of the one who was meant, or an error. */
  read(): void {
    const { received } = this.peer.life;
    for (const message of received.slice(this.#read)) this.#take(message);
    this.#read = received.length;
  }

  #take(message: JsonRpcMessage): void {
    if (isRequest(message)) return;
    if ('method' in message) {
      const gone = message.params?.requestId;
      this.works = this.works.filter(({ id }) => id !== gone);
      return;
    }
    if ('result' in message && message.id !== undefined) {
      expect((message.result as Params).secret).toBe(this.#secretOf.get(message.id));
    }
    for (const { questions } of this.works) if (message.id !== undefined) questions.delete(message.id);
  }

  end(): void {
    this.peer.life.end();
    this.works = [];
    this.#read = 0;
  }
}

class Story {
  readonly #started: Started;
  readonly #server: Server;
  readonly #clients: { client: ScriptedClient; secret: string }[] = [];
  #lastSecret = 0;

  constructor(started: Started, server: Server) {
    this.#started = started;
    this.#server = server;
    for (let index = 0; index < 3; index++) this.#join(index);
  }

  #join(index: number): void {
    const client = this.#started.join(`grant ${index % 2}`);
    this.#clients[index] = { client, secret: `secret ${++this.#lastSecret}` };
  }

  async take(each: Step): Promise<void> {
    if ('who' in each) this.#act(each);
    else if ('which' in each) this.#server.say(each.do, each.which);
    else {
      if (each.do === 'crash') this.#server.end();
      await this.#started.pass(limits.upstreamHangMs + 3 * limits.sseKeepAliveMs);
    }
    this.#server.read();
    for (const one of this.#clients) this.#check(one);
  }

  #act(each: Extract<Step, { who: number }>): void {
    const { client, secret } = this.#clients[each.who]!;
    const { relay } = this.#started;
    if (each.do === 'leave') {
      relay.detach(client);
      this.#join(each.who);
    } else if (each.do === 'call') {
      const params = { secret, _meta: { progressToken: 1 } };
      if (!client.inFlight.has(each.id)) client.call(each.id, each.method, params);
    } else if (each.do === 'answer') {
      const questions = (client.seen as JsonRpcMessage[]).filter(isRequest);
      const question = questions[each.which];
      if (question) client.answer({ id: question.id, result: { secret } });
    } else {
      const id = [...client.inFlight.keys()][each.which];
      if (id === undefined) return;
      if (each.do === 'cancel') client.cancel(id);
      else this.#park(client, id, each.do === 'park');
    }
  }

  /** As the stateless leg does: a call is parked while its client has a question of it. */
  #park(client: ScriptedClient, id: RequestId, isParked: boolean): void {
    const { relay } = this.#started;
    const work = this.#server.works.find((each) => each.id === client.inFlight.get(id));
    const isAsked = client.seen.some((each) => (each as Params).method === 'sampling/createMessage');
    if (!work || work.isParked === isParked || !isAsked || work.questions.size === 0) return;
    if (isParked) {
      work.isParked = true;
      relay.park(client, id);
    } else {
      relay.resume(client, id, () => {
        work.isParked = false;
      });
    }
  }

  /** Whatever a client has seen bears its own secret, or none at all. */
  #check({ client, secret }: { client: ScriptedClient; secret: string }): void {
    for (const message of client.seen as JsonRpcMessage[]) {
      const content = 'method' in message ? message.params : 'result' in message ? message.result : undefined;
      const seen = (content as Params | undefined)?.secret;
      if (seen !== undefined) expect(seen).toBe(secret);
    }
  }
}

it('R51: whatever the order of calls, answers, questions, cancels and ends, no message reaches a client that did not cause it', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 50 }), async (steps) => {
      const server = new Server();
      const started = await startRelay({ peer: server.peer });
      const story = new Story(started, server);
      for (const each of steps) await story.take(each);
      await started.relay.close();
    }),
    { numRuns: 1_000 },
  );
});
