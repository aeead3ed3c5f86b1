import { accessSync, constants, statSync } from 'node:fs';
import { isAbsolute } from 'node:path';
import { homeDirectory } from '../../home-directory.ts';
import type { UpstreamDefinition } from '../../upstreams.ts';
import { type ChildEnvironment, createChildEnvironment } from './child-environment.ts';
import { expandVariables } from './expand-variables.ts';
import { findCommand } from './find-command.ts';

/** Everything a start needs, with nothing left to look up. */
export interface StartPlan extends ChildEnvironment {
  readonly file: string;
  readonly args: readonly string[];
  readonly cwd: string;
}

export interface StartOptions {
  readonly definition: UpstreamDefinition;
  /** The project directory of the clients that share the process; undefined if they share none. */
  readonly workspace: string | undefined;
  /** Where variables are looked up, and what little of it the child gets is taken from. */
  readonly env: NodeJS.ProcessEnv;
}

function directoryOf({ definition: { cwd, sharing }, workspace, env }: StartOptions): string {
  if (cwd !== undefined) return expandVariables(cwd, env);
  return (sharing === 'per-workspace' ? workspace : undefined) ?? homeDirectory(env);
}

function checkDirectory(directory: string): void {
  if (!isAbsolute(directory)) throw new Error(`the directory ${directory} is not an absolute path`);
  if (!statSync(directory, { throwIfNoEntry: false })?.isDirectory()) {
    throw new Error(`the directory ${directory} does not exist`);
  }
  try {
    accessSync(directory, constants.X_OK);
  } catch {
    throw new Error(`the directory ${directory} cannot be entered`);
  }
}

/** Settles what to start, where, and with which environment. Throws a one-line reason if it cannot be started. */
export function planStart(options: StartOptions): StartPlan {
  const { definition, env } = options;
  const cwd = directoryOf(options);
  checkDirectory(cwd);
  const environment = createChildEnvironment(definition, env);
  return {
    ...environment,
    file: findCommand(expandVariables(definition.command, env), environment.env),
    args: definition.args.map((argument) => expandVariables(argument, env)),
    cwd,
  };
}
