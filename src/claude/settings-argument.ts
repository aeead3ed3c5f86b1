import { resolve } from 'node:path';
import { type JsonObject, parseObject } from '../json-object.ts';
import { readObject } from './read-object.ts';

const FLAG = '--settings';

export interface SettingsArgument {
  /** Where in argv the value stands. */
  readonly index: number;
  readonly isJoined: boolean;
  /** A file or inline JSON. */
  readonly value: string;
  /** What it says; undefined when it cannot be read. */
  readonly settings: JsonObject | undefined;
}

/** The `--settings` that Claude heeds: the last one before `--` (measured: last wins, nothing is merged). */
export function findSettingsArgument(argv: readonly string[], cwd: string): SettingsArgument | undefined {
  const separator = argv.indexOf('--');
  const end = separator === -1 ? argv.length : separator;
  for (let index = end - 1; index >= 0; index--) {
    const argument = argv[index] ?? '';
    const isJoined = argument.startsWith(`${FLAG}=`);
    if (!isJoined && (argument !== FLAG || index + 1 >= end)) continue;
    const value = isJoined ? argument.slice(FLAG.length + 1) : (argv[index + 1] ?? '');
    const settings = value.trim().startsWith('{') ? parseObject(value) : readObject(resolve(cwd, value));
    return { index: isJoined ? index : index + 1, isJoined, value, settings };
  }
  return undefined;
}

/** The same command line with another settings file in the same place. */
export function replaceSettings(
  argv: readonly string[],
  { index, isJoined }: SettingsArgument,
  file: string,
): string[] {
  return argv.map((argument, at) => {
    if (at !== index) return argument;
    return isJoined ? `${FLAG}=${file}` : file;
  });
}
