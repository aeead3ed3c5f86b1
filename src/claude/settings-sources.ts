import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isatty } from 'node:tty';
import { homeDirectory } from '../home-directory.ts';
import { isObject, type JsonObject } from '../json-object.ts';
import { readObject } from './read-object.ts';

/** One place that sets variables for Claude Code. */
export interface VariableSource {
  /** For messages: the file, or what else it is. */
  readonly name: string;
  readonly variables: Readonly<Record<string, string>>;
  /** Nothing that we hand over can beat it. */
  readonly isManaged?: true;
}

export interface SourcesOptions {
  readonly argv: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  readonly commandLineSettings: JsonObject | undefined;
  readonly platform: NodeJS.Platform;
}

const MANAGED: Partial<Record<NodeJS.Platform, string>> = {
  darwin: '/Library/Application Support/ClaudeCode',
  win32: 'C:\\Program Files\\ClaudeCode',
};

function variablesOf(settings: JsonObject | undefined): Record<string, string> {
  if (!isObject(settings?.env)) return {};
  const entries = Object.entries(settings.env).filter(([, value]) => !isObject(value) && value !== null);
  return Object.fromEntries(entries.map(([name, value]) => [name, String(value)]));
}

/** Whether the person let Claude trust this directory, or one above it. */
function isTrustedProject(env: NodeJS.ProcessEnv, cwd: string, home: string): boolean {
  const projects = readObject(join(env.CLAUDE_CONFIG_DIR || home, '.claude.json'))?.projects;
  if (!isObject(projects)) return false;
  for (let directory = cwd; ; directory = dirname(directory)) {
    const project = projects[directory];
    if (isObject(project) && project.hasTrustDialogAccepted === true) return true;
    if (dirname(directory) === directory) return false;
  }
}

/** Claude skips its trust dialog with -p and without a terminal, and applies the project's variables then. */
const skipsTrustDialog = (argv: readonly string[]): boolean =>
  argv.includes('-p') || argv.includes('--print') || !isatty(1);

/** The settings layers that `--setting-sources` leaves on; all of them without it. */
function enabledLayers(argv: readonly string[]): readonly string[] {
  const at = argv.findLastIndex((argument) => /^--setting-sources(=|$)/.test(argument));
  if (at === -1) return ['user', 'project', 'local'];
  const [, joined] = (argv[at] ?? '').split('=');
  return (joined ?? argv[at + 1] ?? '').split(',').map((layer) => layer.trim());
}

function managedFiles(platform: NodeJS.Platform): string[] {
  const directory = MANAGED[platform] ?? '/etc/claude-code';
  const fragments = join(directory, 'managed-settings.d');
  let names: string[] = [];
  try {
    names = readdirSync(fragments).filter((name) => name.endsWith('.json'));
  } catch {
    // Nobody manages this machine by fragments.
  }
  return [join(directory, 'managed-settings.json'), ...names.sort().map((name) => join(fragments, name))];
}

/**
 * What sets Claude's variables, the strongest last: process, user, project, local, `--settings`, managed
 * (measured on both versions; managed by the documentation). A project counts only where Claude itself would
 * apply its variables: a directory that nobody trusted yet must not choose certificates (R59).
 */
export function readVariableSources(options: SourcesOptions): VariableSource[] {
  const { argv, env, cwd, commandLineSettings, platform } = options;
  const home = homeDirectory(env);
  const fromFile = (name: string): VariableSource => ({ name, variables: variablesOf(readObject(name)) });
  const layers = {
    user: join(env.CLAUDE_CONFIG_DIR || join(home, '.claude'), 'settings.json'),
    project: join(cwd, '.claude', 'settings.json'),
    local: join(cwd, '.claude', 'settings.local.json'),
  };
  const enabled = enabledLayers(argv);
  const projectCounts = skipsTrustDialog(argv) || isTrustedProject(env, cwd, home);
  const process = Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return [
    { name: 'the environment', variables: Object.fromEntries(process) },
    ...(enabled.includes('user') ? [fromFile(layers.user)] : []),
    ...(projectCounts && enabled.includes('project') ? [fromFile(layers.project)] : []),
    ...(projectCounts && enabled.includes('local') ? [fromFile(layers.local)] : []),
    { name: '--settings', variables: variablesOf(commandLineSettings) },
    ...managedFiles(platform).map((name) => ({ ...fromFile(name), isManaged: true as const })),
  ];
}
