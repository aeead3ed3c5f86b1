import type { Config } from '../config.ts';
import type { Paths } from '../paths.ts';

/** What a command may know of the world outside: injected, so that it runs in a test as it does in a shell. */
export interface Context {
  readonly config: Config;
  readonly env: NodeJS.ProcessEnv;
  readonly paths: Paths;
  readonly cwd: string;
  readonly stdin: NodeJS.ReadStream;
  /** Asked-for output: stdout. False once nobody reads it any more. */
  print(text: string): boolean;
  /** Everything else: on stderr, behind our name; further lines behind a bar, so that none can pass for ours. */
  warn(text: string): void;
}

export interface Invocation {
  readonly words: readonly string[];
  /** The options without a value, e.g. `json`. */
  readonly flags: ReadonlySet<string>;
  /** The values of the others, in their order. */
  readonly values: ReadonlyMap<string, readonly string[]>;
  /** Everything behind `--`. */
  readonly behind: readonly string[];
}

/** Runs one command; the number is the exit status. Throws `Failure` for what stops it. */
export type RunCommand = (context: Context, invocation: Invocation) => Promise<number>;
