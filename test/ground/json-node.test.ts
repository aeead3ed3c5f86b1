import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type JsonNode, JsonProblem, parseJsonNode } from '../../src/json-node.ts';

/** The value without its places. */
function plain({ value }: JsonNode): unknown {
  if (value instanceof Map) {
    return Object.fromEntries([...value].map(([name, { node }]) => [name, plain(node)]));
  }
  return Array.isArray(value) ? value.map(plain) : value;
}

/** What a parser makes of a text; `nothing` when it refuses. */
function attempt(parse: () => unknown): unknown {
  try {
    return { value: parse() };
  } catch (error) {
    if (!(error instanceof SyntaxError) && !(error instanceof JsonProblem)) throw error;
    return error.message.includes('second time') ? 'a name twice' : 'nothing';
  }
}

const pieces = fc.constantFrom(
  ...'{}[],:"\\ \n\u0001',
  '"a"',
  '"\\u00e4"',
  '1',
  '-0.5e3',
  '01',
  'true',
  'null',
  '/',
);
const nearJson = fc.array(pieces, { maxLength: 12 }).map((parts) => parts.join(''));

it('reads what JSON.parse reads, refuses what it refuses, and throws nothing else', () => {
  fc.assert(
    fc.property(fc.oneof(fc.json(), fc.json({ noUnicodeString: false }), nearJson), (text) => {
      const ours = attempt(() => plain(parseJsonNode(text)));
      if (ours !== 'a name twice') expect(ours).toEqual(attempt(() => JSON.parse(text)));
    }),
    { numRuns: 5_000 },
  );
});

it('keeps the place of every name and value', () => {
  const text = '{\n "a": [1,\n "b"] }';
  const places: string[] = [];
  const visit = ({ at, value }: JsonNode): void => {
    places.push(text.slice(at, at + 2));
    if (value instanceof Map) {
      for (const member of value.values()) {
        places.push(text.slice(member.at, member.at + 2));
        visit(member.node);
      }
    } else if (Array.isArray(value)) value.forEach(visit);
  };
  visit(parseJsonNode(text));
  expect(places).toEqual(['{\n', '"a', '[1', '1,', '"b']);
});
