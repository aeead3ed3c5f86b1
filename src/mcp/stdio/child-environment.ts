import { delimiter } from 'node:path';
import { parseEnv } from 'node:util';
import { readOwnFile } from '../../files.ts';
import { absoluteEntries } from '../../find-program.ts';
import type { UpstreamDefinition } from '../../upstreams.ts';
import { expandVariables } from './expand-variables.ts';

/** R53: who and where the person is, and nothing that was meant for another program. */
const INHERITED =
  /^(?:PATH|HOME|USER|LOGNAME|SHELL|TERM|LANG|LANGUAGE|LC_\w+|TZ|TMPDIR|TMP|TEMP|XDG_\w+_(?:HOME|DIRS?))$/;
/** Without these Windows programs cannot find their libraries, their data or their shell. */
const INHERITED_ON_WINDOWS =
  /^(?:SYSTEMROOT|SYSTEMDRIVE|WINDIR|COMSPEC|PATHEXT|APPDATA|LOCALAPPDATA|PROGRAMDATA|PROGRAMFILES(?:\(X86\))?|USERNAME|USERPROFILE|HOMEDRIVE|HOMEPATH|PROCESSOR_ARCHITECTURE|NUMBER_OF_PROCESSORS|OS)$/;
const isWindows = process.platform === 'win32';

/** Names that differ in case only are one variable on Windows. */
const canonical = (env: NodeJS.ProcessEnv): [name: string, value: string][] =>
  Object.entries(env).flatMap(([name, value]) =>
    value === undefined ? [] : [[isWindows ? name.toUpperCase() : name, value]],
  );

const isInherited = (name: string): boolean =>
  INHERITED.test(name) || (isWindows && INHERITED_ON_WINDOWS.test(name));

function readEnvFile(file: string): NodeJS.ProcessEnv {
  const text = readOwnFile(file);
  if (text === undefined) throw new Error(`the env file ${file} does not exist`);
  return parseEnv(text);
}

export interface ChildEnvironment {
  readonly env: NodeJS.ProcessEnv;
  /** The values that the person configured for this server, any of which may be a secret. */
  readonly configured: readonly string[];
}

/**
 * What a server gets: of `env` only what every program needs (R53), then its env file, then its own variables.
 * Throws a one-line reason, also for an env file that another account could have read or written.
 */
export function createChildEnvironment(
  definition: Pick<UpstreamDefinition, 'env' | 'envFile'>,
  env: NodeJS.ProcessEnv,
): ChildEnvironment {
  const inherited = Object.fromEntries(canonical(env).filter(([name]) => isInherited(name)));
  // In a project's directory a relative entry would let the project choose what the server runs (R59).
  if (inherited.PATH !== undefined) inherited.PATH = absoluteEntries(inherited.PATH).join(delimiter);
  const fromFile = definition.envFile === undefined ? [] : canonical(readEnvFile(definition.envFile));
  const own = canonical(definition.env).map(([name, value]) => [name, expandVariables(value, env)] as const);
  return {
    env: { ...inherited, ...Object.fromEntries(fromFile), ...Object.fromEntries(own) },
    configured: [...fromFile, ...own].map(([, value]) => value),
  };
}
