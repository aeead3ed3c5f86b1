import { isAbsolute } from 'node:path';
import { findProgram } from '../../find-program.ts';

/** The file behind a configured command. Throws a one-line reason if there is none. */
export function findCommand(command: string, env: NodeJS.ProcessEnv): string {
  const file = findProgram(command, env);
  if (file !== undefined) return file;
  if (isAbsolute(command)) throw new Error(`the command ${command} is not there or not executable`);
  if (command === '' || /[\\/]/.test(command)) {
    throw new Error(`the command ${command} is neither an absolute path nor a name on the PATH`);
  }
  throw new Error(`the command ${command} was not found on the PATH`);
}
