import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, extname, isAbsolute, join } from 'node:path';

/** The entries of a PATH that mean the same in every directory: a project must not choose what we run (R59). */
export function absoluteEntries(path: string | undefined): string[] {
  return (path ?? '').split(delimiter).filter((entry) => isAbsolute(entry));
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

/** Windows leaves out the extension of a program; the shims of npm have `.cmd`. */
function endingsOf(command: string, env: NodeJS.ProcessEnv, platform: NodeJS.Platform): string[] {
  if (platform !== 'win32' || extname(command) !== '') return [''];
  return (env.PATHEXT ?? '.COM;.EXE;.BAT;.CMD').split(';');
}

/** The file behind a command: an absolute path, or a name on the PATH; undefined if nothing can be run. */
export function findProgram(
  command: string,
  env: NodeJS.ProcessEnv,
  platform: NodeJS.Platform = process.platform,
): string | undefined {
  const isName = command !== '' && !/[\\/]/.test(command);
  const directories = isName ? absoluteEntries(env.PATH ?? env.Path) : [];
  const places = isAbsolute(command) ? [command] : directories.map((directory) => join(directory, command));
  const endings = endingsOf(command, env, platform);
  return places.flatMap((place) => endings.map((ending) => place + ending)).find(isProgram);
}
