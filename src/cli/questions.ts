import { createInterface } from 'node:readline/promises';
import type { Context } from './context.ts';

export interface Questions {
  /** True for a yes. Anything else, the end of the input too, counts as no. */
  ask(question: string): Promise<boolean>;
  /** Lets go of the input: without it the process would wait for more. */
  close(): void;
}

/** Asks the owner, one line for each question. */
export function createQuestions({ stdin, print }: Pick<Context, 'stdin' | 'print'>): Questions {
  const input = createInterface({ input: stdin, crlfDelay: Number.POSITIVE_INFINITY });
  // One reader for all of them: a new one would lose the lines that came with the first.
  const lines = input[Symbol.asyncIterator]();
  return {
    async ask(question) {
      print(`${question} [y/N] `);
      const { value, done } = await lines.next();
      return !done && /^y(es)?$/i.test(value.trim());
    },
    close: () => input.close(),
  };
}
