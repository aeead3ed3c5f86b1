import { VERSION } from '../version.ts';
import type { RunCommand } from './context.ts';

/** Prints our own version; `--version` is Claude's. */
export const version: RunCommand = async (context) => {
  context.print(`claude-secure ${VERSION}\n`);
  return 0;
};
