import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createTurns } from '../../../src/mcp/relay/turns.ts';

type Step =
  | { readonly do: 'take' }
  | { readonly do: 'one at a time' }
  | { readonly do: 'end'; readonly which: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.constant({ do: 'take' as const }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('end' as const), which: fc.nat(10) }) },
  { weight: 1, arbitrary: fc.constant({ do: 'one at a time' as const }) },
);

it('whatever the order of calls and ends: first come, first served, and one at a time once that is asked for', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const turns = createTurns();
      const open = new Set<number>();
      const begun: number[] = [];
      let lastId = 0;
      let isOneAtATime = false;
      let beside = 0;

      function begin(id: number): void {
        const others = begun.filter((each) => open.has(each));
        // What was under way when it began to matter may still be.
        if (isOneAtATime) expect(others).toEqual([]);
        else beside = Math.max(beside, others.length);
        begun.push(id);
      }

      for (const each of steps) {
        if (each.do === 'one at a time') {
          isOneAtATime = true;
          turns.takeOneAtATime();
        } else if (each.do === 'take') {
          const id = ++lastId;
          open.add(id);
          turns.take(id, 'a', () => begin(id));
        } else {
          const id = [...open][each.which];
          if (id === undefined) continue;
          open.delete(id);
          turns.end(id);
        }
        const running = begun.filter((id) => open.has(id));
        expect(turns.running()).toEqual(running);
        // Nobody waits while nobody is served.
        if (open.size > 0) expect(running.length).toBeGreaterThan(0);
      }
      expect(begun).toEqual([...begun].sort((left, right) => left - right));
      for (const id of [...open]) {
        open.delete(id);
        turns.end(id);
      }
      expect(turns.running()).toEqual([]);
    }),
    { numRuns: 500 },
  );
});
