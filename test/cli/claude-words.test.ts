import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { CLAUDE_OPTIONS, CLAUDE_VERBS, type ClaudeVerb, splitWords } from '../../src/cli/claude-words.ts';
import { claudes } from '../support/claudes.ts';
import { createHome } from '../support/home.ts';

interface Help {
  verbs: string[];
  options: string[];
}

/** Reads the lists of `claude … --help`; wide enough that nothing is folded. */
function readHelp(file: string, path: readonly string[]): Help {
  const env = createHome({ COLUMNS: '500', DISABLE_AUTOUPDATER: '1' }).env;
  const text = execFileSync(file, [...path, '--help'], { env, encoding: 'utf8', timeout: 30_000 });
  // A verb that this version does not have gets the help of its parent.
  const usage = text.split('\n')[0] as string;
  if (!path.every((word) => usage.includes(word))) return { verbs: [], options: [] };
  const section = (title: string): string[] =>
    (text.split(`\n${title}:\n`)[1]?.split('\n\n')[0] ?? '')
      .split('\n')
      .filter((line) => /^ {2}[a-z-]/.test(line))
      .map((line) => line.trim());
  return {
    verbs: section('Commands').flatMap((line) => (line.split(' ')[0] as string).split('|')),
    options: section('Options').flatMap(
      (line) => (line.split(/ {2,}/)[0] as string).match(/--[\w-]+/g) ?? [],
    ),
  };
}

const withVerbs = (verbs: readonly ClaudeVerb[], parent: string[] = []): [string, string[], ClaudeVerb][] =>
  verbs.flatMap((verb) => {
    const path = [...parent, verb.name.split('|')[0] as string];
    return verb.verbs ? [[path.join(' '), path, verb], ...withVerbs(verb.verbs, path)] : [];
  });

const namesOf = (verbs: readonly ClaudeVerb[]): string[] => verbs.flatMap((verb) => verb.name.split('|'));

describe.each(claudes)('Claude Code $version', ({ file }) => {
  it('has no public verb or option that the completions do not know', () => {
    const { verbs, options } = readHelp(file, []);
    expect(verbs.length).toBeGreaterThan(10);
    expect(namesOf(CLAUDE_VERBS)).toEqual(expect.arrayContaining(verbs));
    expect(CLAUDE_OPTIONS).toEqual(expect.arrayContaining(options));
  });

  it.each(withVerbs(CLAUDE_VERBS))(
    'has no verb behind `%s` that the completions do not know',
    (_, path, verb) => {
      const { verbs, options } = readHelp(file, path);
      expect(namesOf(verb.verbs ?? [])).toEqual(expect.arrayContaining(verbs));
      expect(['--help', ...splitWords(verb.options)]).toEqual(expect.arrayContaining(options));
    },
  );
});

it('the completions know no option that neither Claude has', () => {
  const known = new Set(claudes.flatMap(({ file }) => readHelp(file, []).options));
  expect(CLAUDE_OPTIONS.filter((option) => !known.has(option))).toEqual([]);
});
