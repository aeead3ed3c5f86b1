import { CLAUDE_OPTIONS, CLAUDE_VERBS, type ClaudeVerb, splitWords } from '../claude-words.ts';
import { COMMANDS, type Command } from '../commands.ts';

export interface Word {
  readonly name: string;
  /** One line without quotes, backslashes or colons of any shell's grammar; empty if there is none. */
  readonly summary: string;
}

/** A point of the command line, the words that may stand there and the options that it takes. */
export interface Place {
  /** The verbs that lead here, each after a slash: `` (nothing typed yet), `/mcp`, `/mcp/add`. */
  readonly path: string;
  /** Every spelling of the path, the path itself first: `/plugin/install`, `/plugin/i`. */
  readonly spellings: readonly string[];
  readonly words: readonly Word[];
  readonly options: readonly string[];
}

/** The path after a leading `--`: everything is Claude's there. */
export const CLAUDE_ONLY = '/--';

const namesOf = (verb: ClaudeVerb): string[] => verb.name.split('|');

const wordsOf = (verbs: readonly ClaudeVerb[]): Word[] =>
  verbs.flatMap((verb) =>
    namesOf(verb).map((name) => ({ name, summary: verb.summary ? `Claude, ${verb.summary}` : '' })),
  );

function claudePlaces(verbs: readonly ClaudeVerb[], parent: string): Place[] {
  return verbs.flatMap((verb) => {
    const spellings = namesOf(verb).map((name) => `${parent}/${name}`);
    const path = spellings[0] as string;
    const place = { path, spellings, words: wordsOf(verb.verbs ?? []), options: splitWords(verb.options) };
    return [place, ...claudePlaces(verb.verbs ?? [], path)];
  });
}

const plainPlace = (path: string, words: readonly Word[], options: readonly string[]): Place => ({
  path,
  spellings: [path],
  words,
  options,
});

/** The place behind a command; of one of two words also that between the two. */
function ownPlaces({ name, short, summary, words, options }: Command): Place[] {
  const flags = options.map(({ flag }) => flag);
  const fixed = words.map((word) => ({ name: word, summary: '' }));
  const [first, second] = name.split(' ');
  if (second === undefined) return [plainPlace(`/${first}`, fixed, flags)];
  return [
    plainPlace(`/${first}`, [{ name: second, summary }], short ? flags : []),
    plainPlace(`/${first}/${second}`, fixed, flags),
  ];
}

/** Two tables may name one place (`logs` is ours and Claude's): its words and options are put together. */
function merge(places: readonly Place[]): Place[] {
  const merged = new Map<string, Place>();
  for (const place of places) {
    const known = merged.get(place.path);
    merged.set(place.path, {
      path: place.path,
      spellings: [...new Set([...(known?.spellings ?? []), ...place.spellings])],
      words: [...(known?.words ?? []), ...place.words],
      options: [...new Set([...(known?.options ?? []), ...place.options])],
    });
  }
  return [...merged.values()];
}

/** Every place of the command line, from our command table and from Claude's words. */
export function completionPlaces(): Place[] {
  const own = (COMMANDS as readonly Command[]).filter((command) => !command.hidden);
  const first = own.filter(({ name, short }) => short !== undefined || !name.includes(' '));
  const ownWords = first.map(({ name, short, summary }) => ({ name: short ?? name, summary }));
  const ownNames = new Set(ownWords.map((word) => word.name));
  const claudeWords = wordsOf(CLAUDE_VERBS);
  const root = {
    path: '',
    spellings: [],
    words: [...ownWords, ...claudeWords.filter((word) => !ownNames.has(word.name))],
    options: CLAUDE_OPTIONS,
  };
  const claudeOnly = { path: CLAUDE_ONLY, spellings: [], words: claudeWords, options: CLAUDE_OPTIONS };
  return merge([root, claudeOnly, ...own.flatMap(ownPlaces), ...claudePlaces(CLAUDE_VERBS, '')]);
}
