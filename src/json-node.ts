import { limits } from './limits.ts';

/** A JSON value that knows where in its text it begins. */
export interface JsonNode {
  readonly at: number;
  readonly value: string | number | boolean | null | readonly JsonNode[] | ReadonlyMap<string, JsonMember>;
}

export interface JsonMember {
  /** Where its name begins. */
  readonly at: number;
  readonly node: JsonNode;
}

/** What is wrong with a text, and where in it. */
export class JsonProblem extends Error {
  readonly at: number;

  constructor(message: string, at: number) {
    super(message);
    this.at = at;
  }
}

interface Cursor {
  readonly text: string;
  at: number;
}

/** The word that a number, `true`, `false` or `null` is, and whatever is mistaken for one. */
const WORD = /[\w.+-]+/y;

function skipSpace(cursor: Cursor): void {
  while (/[ \t\r\n]/.test(cursor.text.charAt(cursor.at))) cursor.at++;
}

/** What stands there instead is not said: it may be a secret. */
function expected(what: string, { text, at }: Cursor): never {
  throw new JsonProblem(at < text.length ? `${what} is expected here` : `the text ends before ${what}`, at);
}

function readString(cursor: Cursor): string {
  const { text, at: start } = cursor;
  for (cursor.at++; text[cursor.at] !== '"'; cursor.at++) {
    const isEscape = text[cursor.at] === '\\';
    if (text.charAt(cursor.at) < ' ') throw new JsonProblem('this text in quotes does not end', start);
    if (isEscape) cursor.at++;
  }
  cursor.at++;
  try {
    return JSON.parse(text.slice(start, cursor.at));
  } catch {
    throw new JsonProblem('this text in quotes has a \\ before something else than "\\/bfnrtu', start);
  }
}

function readWord(cursor: Cursor): number | boolean | null {
  WORD.lastIndex = cursor.at;
  const [word = ''] = WORD.exec(cursor.text) ?? [];
  try {
    const value = JSON.parse(word);
    cursor.at += word.length;
    return value;
  } catch {
    return expected('a value', cursor);
  }
}

/** From the opening bracket to behind the closing one, with a comma between two items. */
function readSequence(cursor: Cursor, close: ']' | '}', readItem: () => void): void {
  const next = (): string | undefined => {
    cursor.at++;
    skipSpace(cursor);
    return cursor.text[cursor.at];
  };
  if (next() !== close) {
    for (;;) {
      readItem();
      skipSpace(cursor);
      if (cursor.text[cursor.at] !== ',') break;
      next();
    }
    if (cursor.text[cursor.at] !== close) expected(`a comma or ${close}`, cursor);
  }
  cursor.at++;
}

function readMembers(cursor: Cursor, depth: number): ReadonlyMap<string, JsonMember> {
  const members = new Map<string, JsonMember>();
  readSequence(cursor, '}', () => {
    const { at } = cursor;
    if (cursor.text[at] !== '"') expected('a name in double quotes', cursor);
    const name = readString(cursor);
    if (members.has(name)) throw new JsonProblem(`${JSON.stringify(name)} stands here a second time`, at);
    skipSpace(cursor);
    if (cursor.text[cursor.at] !== ':') expected('a colon', cursor);
    cursor.at++;
    members.set(name, { at, node: readNode(cursor, depth) });
  });
  return members;
}

function readItems(cursor: Cursor, depth: number): readonly JsonNode[] {
  const items: JsonNode[] = [];
  readSequence(cursor, ']', () => void items.push(readNode(cursor, depth)));
  return items;
}

function readNode(cursor: Cursor, depth: number): JsonNode {
  skipSpace(cursor);
  const { text, at } = cursor;
  if (depth > limits.jsonDepth) throw new JsonProblem('the brackets are too deep', at);
  if (text[at] === '{') return { at, value: readMembers(cursor, depth + 1) };
  if (text[at] === '[') return { at, value: readItems(cursor, depth + 1) };
  return { at, value: text[at] === '"' ? readString(cursor) : readWord(cursor) };
}

/**
 * Parses JSON as `JSON.parse` does, but refuses a name that stands twice in one object, and keeps every place.
 * Throws `JsonProblem`, whose message quotes no value. (`JSON.parse` of Node 20 tells no place at all.)
 */
export function parseJsonNode(text: string): JsonNode {
  // Windows editors put a byte order mark in front.
  const cursor = { text, at: text.startsWith('\ufeff') ? 1 : 0 };
  const node = readNode(cursor, 0);
  skipSpace(cursor);
  if (cursor.at < text.length) expected('the end', cursor);
  return node;
}

/** A place as editors count it. */
export function placeText(text: string, at: number): string {
  const lines = text.slice(0, at).split('\n');
  return `line ${lines.length}, column ${(lines.at(-1)?.length ?? 0) + 1}`;
}
