import { isObject } from '../json-object.ts';
import type { Paths } from '../paths.ts';
import { CA_VARIABLE, ensureCaBundle } from './ca-bundle.ts';
import { withHealingHook } from './healing-hook.ts';
import { ensureLaunchJson } from './launch-files.ts';
import { repairNoProxy } from './no-proxy.ts';
import type { LaunchPlan } from './plan.ts';
import { ensurePlugin } from './plugin.ts';
import { placeFlags } from './route.ts';
import { describeServers, type Served } from './server-entry.ts';
import { findSettingsArgument, replaceSettings, type SettingsArgument } from './settings-argument.ts';
import { readVariableSources, type VariableSource } from './settings-sources.ts';

export interface PrepareOptions {
  readonly plan: LaunchPlan;
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  readonly paths: Paths;
  /** Undefined when none is healthy: claude starts without our servers, and still trusts our roots. */
  readonly daemon: Served | undefined;
  /** Our root certificates, PEM. */
  readonly roots: string;
  /** Node and our own bin, both absolute: Claude calls them for the headers of a request. */
  readonly helperCommand: readonly string[];
  /** Must write synchronously and not through `process.stderr`: see `runClaude`. */
  warn(line: string): void;
}

export interface Prepared {
  readonly argv: readonly string[];
  /** What is added to the environment of claude. */
  readonly variables: Readonly<Record<string, string>>;
}

function warnAboutVariables(sources: readonly VariableSource[], warn: PrepareOptions['warn']): void {
  const managed = sources.find(({ isManaged, variables }) => isManaged && variables[CA_VARIABLE]);
  if (managed)
    warn(`${managed.name} sets ${CA_VARIABLE} and wins: Claude may not reach the server of claude-secure`);
  const unverified = sources.findLast(
    ({ variables }) => variables.NODE_TLS_REJECT_UNAUTHORIZED !== undefined,
  );
  if (unverified?.variables.NODE_TLS_REJECT_UNAUTHORIZED === '0') {
    warn(`NODE_TLS_REJECT_UNAUTHORIZED=0 of ${unverified.name} turns off every TLS check in Claude`);
  }
}

/** The flags of ours, and the command line with the person's own `--settings` merged into ours. */
function withSettings(
  options: PrepareOptions,
  argument: SettingsArgument | undefined,
  variables: Readonly<Record<string, string>>,
): { argv: readonly string[]; flags: string[] } {
  const { plan, paths, daemon, warn } = options;
  const { argv } = plan;
  if (argument && !argument.settings) {
    warn('--settings cannot be read; it goes to Claude as it is, without ours');
    return { argv, flags: [] };
  }
  const theirs = argument?.settings ?? {};
  const env = { ...(isObject(theirs.env) && theirs.env), ...variables };
  const hooks =
    daemon && plan.route.kind === 'session'
      ? withHealingHook(theirs.hooks, { ...options, served: daemon, platform: process.platform })
      : theirs.hooks;
  const file = ensureLaunchJson(paths, 'settings', { ...theirs, env, ...(hooks ? { hooks } : {}) });
  if (argument) return { argv: replaceSettings(argv, argument, file), flags: [] };
  return { argv, flags: [`--settings=${file}`] };
}

function serverFlag(options: PrepareOptions): string[] {
  const { plan, paths, daemon } = options;
  if (!daemon) return [];
  const servers = describeServers({ ...options, served: daemon, platform: process.platform });
  if (plan.route.kind === 'servers') return [`--plugin-dir=${ensurePlugin(paths, servers)}`];
  return [`--mcp-config=${ensureLaunchJson(paths, 'mcp', servers)}`];
}

/**
 * Writes the files of a launch and returns what claude gets. A session gets the bundle twice, by environment
 * and by `--settings`, because a settings.json with the same variable beats the environment (measured).
 * Throws what file writing throws.
 */
export function prepareLaunch(options: PrepareOptions): Prepared {
  const { plan, env, cwd, paths, roots, warn } = options;
  const argument = findSettingsArgument(plan.argv, cwd);
  const sources = readVariableSources({
    argv: plan.argv,
    env,
    cwd,
    commandLineSettings: argument?.settings,
    platform: process.platform,
  });
  warnAboutVariables(sources, warn);
  const bundle = ensureCaBundle({ paths, roots, sources, cwd, warn });
  const effective = Object.assign({}, ...sources.map((source) => source.variables));
  const variables = { [CA_VARIABLE]: bundle, ...repairNoProxy(effective) };
  if (plan.route.kind !== 'session' && plan.route.kind !== 'servers') return { argv: plan.argv, variables };
  const { argv, flags } = withSettings(options, argument, variables);
  return { argv: placeFlags(plan.route, argv, [...flags, ...serverFlag(options)]), variables };
}
