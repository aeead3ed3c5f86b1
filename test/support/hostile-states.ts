import { readFileSync } from 'node:fs';
import type { State } from '../../src/state.ts';

interface StateFiles {
  readonly whole: State;
  readonly hostile: readonly { readonly name: string; readonly text: string; readonly times?: number }[];
}

const { whole, hostile }: StateFiles = JSON.parse(
  readFileSync(new URL('../corpus/state-files.json', import.meta.url), 'utf8'),
);

/** A state as a daemon writes it, of a process that cannot be. */
export const WHOLE_STATE: State = whole;

/** R11: what may stand in state.json and must count as no state at all. */
export const HOSTILE_STATES: readonly (readonly [name: string, text: string])[] = hostile.map(
  ({ name, text, times = 1 }) => [name, text.repeat(times)],
);
