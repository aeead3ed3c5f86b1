import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { readMarkdown } from '../support/markdown.ts';

const REQUIREMENTS = [...Array.from({ length: 62 }, (_, index) => `R${index + 1}`), 'R11b'];
const FAULTS = Array.from({ length: 17 }, (_, index) => `L${index + 1}`);
/** What a client can reach over HTTP depends on the engine. */
const OVER_HTTP = REQUIREMENTS.slice(11, 52);

const tests = fileURLToPath(new URL('..', import.meta.url));

/** The files of a folder whose test titles begin with the number, as `R12: …` or `R12, R13: …`. */
function filesNaming(number: string, folders: readonly string[]): string[] {
  return folders
    .flatMap((folder) =>
      readdirSync(join(tests, folder), { recursive: true }).map((name) => `${folder}/${name}`),
    )
    .filter((file) => /\.(test|fault)\.ts$/.test(file))
    .filter((file) => {
      const text = readFileSync(join(tests, file), 'utf8');
      const titles = text.matchAll(/['"`]((?:[RL]\d+b?)(?:, [RL]\d+b?)*)(?::|['"`],)/g);
      return [...titles].some(([, numbers = '']) => numbers.split(', ').includes(number));
    })
    .sort();
}

const BUILT = ['attack', 'e2e', 'faults'];
const IN_PROCESS = [
  'certificate',
  'claude',
  'cli',
  'daemon',
  'documents',
  'ground',
  'mcp',
  'oauth',
  'server',
  'store',
];

/** Where a number is proven: on the built program, or in process if nothing there names it. */
function proofOf(number: string): string[] {
  const built = filesNaming(number, BUILT);
  return built.length > 0 ? built : filesNaming(number, IN_PROCESS);
}

const tables = readMarkdown('SECURITY.md').tables;
const rowsOf = (letter: 'R' | 'L'): string[][] =>
  tables.find((table) => table[0]?.[0] === `${letter}1`) ?? [];
const byNumber = (a: string, b: string): number =>
  Number.parseInt(a.slice(1), 10) - Number.parseInt(b.slice(1), 10) || a.length - b.length;

describe('SECURITY.md', () => {
  it('has every requirement, and the tests that attack the built program by its number', () => {
    const expected = REQUIREMENTS.toSorted(byNumber).map((number) => [number, proofOf(number).join(', ')]);
    expect(rowsOf('R').map(([number, , where]) => [number, where])).toEqual(expected);
  });

  it('has every line of the fault matrix, and where it is driven', () => {
    const expected = FAULTS.map((number) => [number, proofOf(number).join(', ')]);
    expect(rowsOf('L').map(([number, , where]) => [number, where])).toEqual(expected);
  });

  it.each([...REQUIREMENTS, ...FAULTS])('%s is proven somewhere', (number) => {
    expect(proofOf(number)).not.toEqual([]);
  });

  it.each(OVER_HTTP)('%s is proven on both engines', (number) => {
    const texts = proofOf(number).map((file) => readFileSync(join(tests, file), 'utf8'));
    expect(texts.some((text) => /\bENGINES\b|\['uws', 'https'\]|faultLine\(/.test(text))).toBe(true);
  });
});
