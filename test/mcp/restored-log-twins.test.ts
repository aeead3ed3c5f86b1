import fc from 'fast-check';
import { expect, it } from 'vitest';
import { limits } from '../../src/limits.ts';
import { createEventLog, type EventLog, type LoggedStream } from '../../src/mcp/event-log.ts';
import { type JsonRpcMessage, jsonRpcError } from '../../src/mcp/json-rpc.ts';
import { type JournaledLog, startLog } from './journaled-log.ts';
import { createMemoryRecords } from './memory-records.ts';
import { createReader } from './recording-reader.ts';

type Step =
  | { readonly do: 'open'; readonly owed: number }
  | { readonly do: 'send'; readonly stream: number; readonly bytes: number; readonly times: number }
  | { readonly do: 'respond' | 'finish' | 'resume'; readonly stream: number }
  | { readonly do: 'restart' };

const stream = fc.nat(20);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ do: fc.constant('open' as const), owed: fc.nat(3) }) },
  { weight: 4, arbitrary: sends([1], [1, 3, 100]) },
  { weight: 1, arbitrary: sends([limits.replayBytes >> 1, limits.replayBytes], [1, 3]) },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constantFrom('respond' as const, 'finish', 'resume'), stream }),
  },
  { weight: 1, arbitrary: fc.constant({ do: 'restart' as const }) },
);

function sends(bytes: readonly number[], times: readonly number[]): fc.Arbitrary<Step> {
  return fc.record({
    do: fc.constant('send' as const),
    stream,
    bytes: fc.constantFrom(...bytes),
    times: fc.constantFrom(...times),
  });
}

/** One stream in the two logs: what is in the first place is the log's that was never away. */
interface Twin {
  readonly numbers: readonly [number, number];
  /** The sequences of its events, after a 0 for the id that it is opened with. */
  readonly sequences: [number, number][];
  readonly owed: number[];
  streams: [LoggedStream, LoggedStream] | undefined;
}

const ERA = 1_000_000_000;

/** Two logs that are told the same: one lives on, the other is restored from its journal at every restart. */
class Twins {
  readonly #records = createMemoryRecords();
  readonly #steady = createEventLog({ bytes: 0 });
  readonly #twins: Twin[] = [];
  #restored: JournaledLog | undefined;
  #era = -1;
  #openedBefore = 0;
  #texts = 0;

  async take(step: Step): Promise<void> {
    if (step.do === 'restart') return this.restart();
    if (step.do === 'open') return this.#open(step.owed);
    const twin = this.#twins[step.stream % this.#twins.length];
    if (!twin?.streams) return;
    if (step.do === 'send') for (let index = 0; index < step.times; index++) this.#notify(twin, step.bytes);
    else if (step.do === 'respond') this.#respond(twin);
    else if (step.do === 'finish') this.#finish(twin);
    else this.#resume(twin, 0);
  }

  async restart(): Promise<void> {
    await this.#restored?.settled();
    this.#restored = await startLog(this.#records);
    this.#era++;
    this.#openedBefore = this.#twins.length;
    const open = this.#twins.filter(({ streams }) => streams);
    const standalone = open.findLast(({ owed }) => owed.length === 0);
    for (const twin of open) {
      const [steady] = twin.streams!;
      for (const id of twin.owed.splice(0)) {
        steady.send(jsonRpcError(-32_603, 'the server was restarted during the call', id));
        this.#count(twin);
      }
      if (twin !== standalone) steady.finish();
      twin.streams = twin === standalone ? [steady, this.#restored.log.standalone!] : undefined;
    }
  }

  /** What a reader gets who comes back after each of the events. */
  outcomes(): [steady: unknown, restored: unknown][] {
    return this.#twins.flatMap((twin) => twin.sequences.map((_, index) => this.#resume(twin, index)));
  }

  /** How many events are written down. */
  async written(): Promise<number> {
    await this.#restored!.settled();
    return [...this.#records.map.keys()].filter((key) => key.includes('/event/')).length;
  }

  #open(count: number): void {
    const owed = Array.from({ length: count }, () => ++this.#texts);
    const options = { isPrimed: true, owed };
    const streams: Twin['streams'] = [
      this.#steady.open(createReader, options),
      this.#restored!.log.open(createReader, options),
    ];
    const number = this.#twins.length + 1;
    const numbers = [number, this.#era * ERA + number - this.#openedBefore] as const;
    this.#twins.push({ numbers, sequences: [[0, 0]], owed: [...owed], streams });
  }

  #send(twin: Twin, message: JsonRpcMessage): void {
    for (const each of twin.streams!) each.send(message);
    this.#count(twin);
  }

  #count(twin: Twin): void {
    const [steady, restored] = twin.sequences.at(-1)!;
    const base = twin.numbers[0] > this.#openedBefore ? 0 : this.#era * ERA;
    twin.sequences.push([steady + 1, Math.max(restored, base) + 1]);
  }

  #notify(twin: Twin, bytes: number): void {
    this.#send(twin, { jsonrpc: '2.0', method: `${++this.#texts}`, params: { text: 'x'.repeat(bytes) } });
  }

  #respond(twin: Twin): void {
    const id = twin.owed.shift();
    if (id !== undefined) this.#send(twin, { jsonrpc: '2.0', id, result: {} });
  }

  #finish(twin: Twin): void {
    for (const each of twin.streams!) each.finish();
    twin.streams = undefined;
  }

  #resume({ numbers, sequences }: Twin, index: number): [unknown, unknown] {
    const [steady, restored] = sequences[index]!;
    return [
      resume(this.#steady, `${numbers[0]}-${steady}`),
      resume(this.#restored!.log, `${numbers[1]}-${restored}`),
    ];
  }
}

/** No text comes twice, so the first and the last and their number stand for all. */
function resume(log: EventLog, id: string): unknown {
  const reader = createReader();
  if (!log.resume(id, () => reader)) return 'refused';
  const texts = reader.frames.map((frame) => frame.slice(frame.indexOf('data: ')).slice(0, 100));
  return { closed: reader.closed, count: texts.length, first: texts[0], last: texts.at(-1) };
}

it('whatever was sent, a log that was restored on the way resumes like one that was never away', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const twins = new Twins();
      await twins.restart();
      for (const step of steps) await twins.take(step);
      await twins.restart();
      for (const [steady, restored] of twins.outcomes()) expect(restored).toEqual(steady);
      expect(await twins.written()).toBeLessThanOrEqual(limits.replayEvents);
    }),
    { numRuns: 300 },
  );
});
