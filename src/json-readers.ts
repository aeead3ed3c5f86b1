import { isAbsolute } from 'node:path';
import { type JsonMember, type JsonNode, JsonProblem } from './json-node.ts';

/** Takes a value of one form, or throws `JsonProblem` with `what` it is called and where it stands. */
export type JsonReader<T> = (node: JsonNode, what: string) => T;

export const readMembers: JsonReader<ReadonlyMap<string, JsonMember>> = ({ at, value }, what) => {
  if (value instanceof Map) return value;
  throw new JsonProblem(`${what} must be an object`, at);
};

export const readText: JsonReader<string> = ({ at, value }, what) => {
  // No argument and no variable of a process can hold a NUL.
  if (typeof value === 'string' && !value.includes('\0')) return value;
  throw new JsonProblem(`${what} must be text`, at);
};

export const readWords: JsonReader<readonly string[]> = ({ at, value }, what) => {
  if (!Array.isArray(value)) throw new JsonProblem(`${what} must be a list`, at);
  return value.map((item: JsonNode, index) => readText(item, `${what}[${index}]`));
};

/** Environment variables. */
export const readVariables: JsonReader<Readonly<Record<string, string>>> = (node, what) => {
  const entries = [...readMembers(node, what)].map(([name, member]): [string, string] => {
    if (/^[^=\0]+$/.test(name)) return [name, readText(member.node, `${what}.${name}`)];
    throw new JsonProblem(`${what} has a name that no variable can have`, member.at);
  });
  return Object.fromEntries(entries);
};

export const readAbsolutePath: JsonReader<string> = (node, what) => {
  const path = readText(node, what);
  if (isAbsolute(path)) return path;
  throw new JsonProblem(`${what} must be an absolute path`, node.at);
};

export const readSwitch: JsonReader<boolean> = ({ at, value }, what) => {
  if (typeof value === 'boolean') return value;
  throw new JsonProblem(`${what} must be true or false`, at);
};

/** One of the listed words. */
export function readOneOf<T extends string>(words: readonly T[]): JsonReader<T> {
  return ({ at, value }, what) => {
    const found = words.find((word) => word === value);
    if (found) return found;
    throw new JsonProblem(`${what} must be one of ${words.join(', ')}`, at);
  };
}

/** Throws `JsonProblem` at the first member that is not known. */
export function refuseUnknownMembers(
  members: ReadonlyMap<string, JsonMember>,
  known: readonly string[],
  what: string,
): void {
  for (const [name, { at }] of members) {
    if (known.includes(name)) continue;
    throw new JsonProblem(`${what} has no member ${JSON.stringify(name)}, only ${known.join(', ')}`, at);
  }
}
