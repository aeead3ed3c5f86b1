import { accessSync, constants, statSync } from 'node:fs';
import { basename, delimiter, extname, isAbsolute, join } from 'node:path';

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
function namesOf(command: string, { PATHEXT = '.COM;.EXE;.BAT;.CMD' }: NodeJS.ProcessEnv): string[] {
  if (process.platform !== 'win32' || extname(command) !== '') return [command];
  return PATHEXT.split(';').map((extension) => `${command}${extension}`);
}

/**
 * The file behind a command: an absolute path, or a name that stands in an absolute entry of the PATH in `env`.
 * Throws a one-line reason.
 */
export function findCommand(command: string, env: NodeJS.ProcessEnv): string {
  const names = namesOf(command, env);
  if (isAbsolute(command)) {
    const file = names.find(isProgram);
    if (file === undefined) throw new Error(`the command ${command} is not there or not executable`);
    return file;
  }
  if (command === '' || basename(command) !== command) {
    throw new Error(`the command ${command} is neither an absolute path nor a name on the PATH`);
  }
  for (const directory of absoluteEntries(env.PATH)) {
    const file = names.map((name) => join(directory, name)).find(isProgram);
    if (file !== undefined) return file;
  }
  throw new Error(`the command ${command} was not found on the PATH`);
}
