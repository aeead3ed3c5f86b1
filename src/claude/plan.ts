import { basename, dirname, isAbsolute } from 'node:path';
import type { Config } from '../config.ts';
import { Failure } from '../errors.ts';
import type { Paths } from '../paths.ts';
import { findClaude } from './find.ts';
import { inspectProgram, type Program } from './inspect-program.ts';
import { learnVerbs } from './learn-verbs.ts';
import { refuseRecursion } from './recursion.ts';
import { type Route, routeArguments } from './route.ts';

export interface LaunchPlan {
  readonly claude: Program;
  readonly argv: readonly string[];
  readonly route: Route;
  /** What must be there before claude starts; a `daemon` needs the certificate too. */
  readonly needs: 'nothing' | 'certificate' | 'daemon';
}

export interface PlanOptions {
  readonly argv: readonly string[];
  /** After `claude-secure --`: argv goes to claude as it is, whatever it says. */
  readonly verbatim: boolean;
  readonly config: Pick<Config, 'claude'>;
  readonly env: NodeJS.ProcessEnv;
  readonly paths: Paths;
  /** Where claude-secure itself is installed. */
  readonly packageRoot: string;
}

const NEEDS = { information: 'nothing', verb: 'certificate', servers: 'daemon', session: 'daemon' } as const;

const looksLikeClaude = (file: string): boolean =>
  /^claude(\.exe)?$/.test(basename(file)) || /[\\/]claude[\\/]versions$/.test(dirname(file));

/**
 * The calling form of `CLAUDE_CODE_PROCESS_WRAPPER` and VS Code's `claudeProcessWrapper`: the absolute path of
 * a claude, then its arguments. Undefined for every other command line.
 */
function wrappedClaude(argv: readonly string[]): Program | undefined {
  const [file] = argv;
  if (file === undefined || !isAbsolute(file) || !looksLikeClaude(file)) return undefined;
  const found = inspectProgram(file, { platform: process.platform });
  if (found.is === 'ours') throw new Failure('CLAUDE_RECURSION', `${file} starts claude-secure`);
  return found.is === 'program' ? found.program : undefined;
}

function learnedVerb(claude: Program, env: NodeJS.ProcessEnv, paths: Paths, word: string): boolean {
  try {
    return learnVerbs(claude, env, paths).includes(word);
  } catch (error) {
    // No answer, or no place to keep it: the word counts as a prompt, with the flags behind it.
    if (error instanceof Failure) return false;
    throw error;
  }
}

/**
 * Decides which claude runs, with which of its command lines, and what that takes; writes nothing but the
 * cache of learned verbs. Throws what `findClaude` throws, and `CLAUDE_RECURSION`.
 */
export function planLaunch({ argv, verbatim, config, env, paths, packageRoot }: PlanOptions): LaunchPlan {
  const wrapped = verbatim ? undefined : wrappedClaude(argv);
  if (wrapped) return { claude: wrapped, argv: argv.slice(1), route: { kind: 'verb' }, needs: 'certificate' };
  refuseRecursion(env);
  const claude = findClaude({ config, env, packageRoot });
  const route = routeArguments(argv, (word) => !verbatim && learnedVerb(claude, env, paths, word));
  if (verbatim && route.kind !== 'information') {
    return { claude, argv, route: { kind: 'verb' }, needs: 'certificate' };
  }
  return { claude, argv, route, needs: NEEDS[route.kind] };
}
