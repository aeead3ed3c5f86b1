import type { Program } from './inspect-program.ts';

export interface RunOptions {
  readonly program: Program;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
}
