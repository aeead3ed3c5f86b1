import type { Config } from '../config.ts';
import { Failure } from '../errors.ts';
import { type Prepared, type PrepareOptions, prepareLaunch } from './prepare.ts';
import { HOP_VARIABLE, nextHop } from './recursion.ts';
import { runClaude } from './run.ts';

export interface LaunchOptions extends Omit<PrepareOptions, 'roots'> {
  readonly config: Pick<Config, 'require'>;
  /** Our root certificates, PEM; undefined when there are none: claude starts as it would without us. */
  readonly roots: string | undefined;
}

function prepare(options: LaunchOptions): Prepared {
  const { plan, config, roots, daemon, warn } = options;
  const untouched = { argv: plan.argv, variables: {} };
  if (roots === undefined || plan.needs === 'nothing') return untouched;
  try {
    return prepareLaunch({ ...options, roots });
  } catch (error) {
    if (!(error instanceof Failure) || config.require) throw error;
    // Without a daemon the person has been told already.
    if (daemon) warn(`${error.message}; Claude starts without the server of claude-secure`);
    return untouched;
  }
}

/**
 * Runs the planned claude with our server and returns its exit status; where the platform can, claude takes
 * over this very process and nothing returns. Files that cannot be written cost our server, not the session,
 * unless `config.require`.
 */
export async function launchClaude(options: LaunchOptions): Promise<number> {
  const { plan, env } = options;
  const { argv, variables } = prepare(options);
  return runClaude({
    program: plan.claude,
    args: argv,
    env: { ...env, ...variables, [HOP_VARIABLE]: nextHop(env) },
  });
}
