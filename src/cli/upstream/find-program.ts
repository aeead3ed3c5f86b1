import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

/**
 * The file behind a command: an absolute path, or a name that the PATH has; undefined if nothing can be run. A
 * relative entry of the PATH does not count: a project must not choose what runs (R59).
 */
export function findProgram(
  command: string,
  env: NodeJS.ProcessEnv,
  platform: NodeJS.Platform = process.platform,
): string | undefined {
  const endings = platform === 'win32' ? ['', ...(env.PATHEXT ?? '.EXE;.CMD;.BAT').split(';')] : [''];
  const directories = (env.PATH ?? env.Path ?? '').split(delimiter).filter((entry) => isAbsolute(entry));
  const isName = !/[\\/]/.test(command);
  const places = isName ? directories.map((directory) => join(directory, command)) : [command];
  return places
    .filter((place) => isAbsolute(place))
    .flatMap((place) => endings.map((ending) => place + ending))
    .find(isExecutable);
}
