import { describe, expect, it } from 'vitest';
import { readMarkdown } from '../support/markdown.ts';
import { rowsOf, TABLES } from '../support/readme.ts';

const english = readMarkdown('README.md');
const japanese = readMarkdown('README.ja.md');
const bothSay = (say: (document: typeof english) => unknown): void =>
  expect(say(japanese)).toEqual(say(english));

describe('README.ja.md', () => {
  it('has the same headings in depth and number', () => {
    bothSay(({ headings }) => headings);
  });

  it('has the same code, word for word', () => {
    bothSay(({ code }) => code);
  });

  it('has the same tables, of the same shape', () => {
    expect(english.tables).toHaveLength(TABLES.length);
    bothSay(({ tables }) => tables.map((table) => table.map((row) => row.length)));
  });

  it.each(TABLES.filter((name) => name !== 'troubles' && name !== 'engines'))('names the same %s', (name) => {
    bothSay((document) => rowsOf(document, name).map(([first]) => first));
  });

  it.each(['revisions', 'files', 'failures'] as const)(
    'gives the %s the same paths, modes and codes',
    (name) => {
      bothSay((document) => rowsOf(document, name).map(([, second]) => second));
    },
  );

  it('has the same numbers where something goes wrong with a server', () => {
    bothSay((document) => rowsOf(document, 'troubles').map((row) => row.join().match(/\d+/g)?.sort()));
  });
});
