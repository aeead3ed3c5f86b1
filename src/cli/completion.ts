import { completionScript, type Shell } from './completion/script.ts';
import type { RunCommand } from './context.ts';

/** Prints the completion script of a shell; the grammar lets only the four shells through. */
export const completion: RunCommand = async (context, { words }) => {
  context.print(completionScript(words[0] as Shell));
  return 0;
};
