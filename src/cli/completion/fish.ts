import type { OptionValue } from '../claude-words.ts';
import { OPTION_VALUES } from './option-values.ts';
import { CLAUDE_ONLY, type Place } from './places.ts';

const quoted = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;

const ARGUMENTS = { file: '-r -F', directory: "-x -a '(__fish_complete_directories)'", text: '-x' } as const;

const argumentOf = (value: OptionValue): string =>
  typeof value === 'string' ? ARGUMENTS[value] : `-x -a '${value.join(' ')}'`;

function optionLine(path: string, option: string): string {
  const value = OPTION_VALUES[option];
  const name = option.startsWith('--') ? `-l ${option.slice(2)}` : `-s ${option.slice(1)}`;
  const condition = `-n '__claude_secure_in ${path || '/'}'`;
  return `complete -c claude-secure ${condition} ${name}${value ? ` ${argumentOf(value)}` : ''}\n`;
}

function placeLines({ path, words, options }: Place): string {
  const lines = words.map(({ name, summary }) => {
    const description = summary ? ` -d ${quoted(summary)}` : '';
    return `complete -c claude-secure -n '__claude_secure_at ${path || '/'}' -a ${name}${description}\n`;
  });
  // A prompt may name files, but where a verb fits they would drown the verbs.
  if (lines.length > 0)
    lines.unshift(`complete -c claude-secure -n '__claude_secure_at ${path || '/'}' -f\n`);
  return [...lines, ...options.map((option) => optionLine(path, option))].join('');
}

/** fish: the place is found from the words before the cursor; `/` stands for the place before any verb. */
export function fishScript(places: readonly Place[]): string {
  const enter = places
    .filter((place) => place.spellings.length > 0)
    .map(
      ({ path, spellings }) =>
        `                case ${spellings.join(' ')}\n                    set place ${path}\n`,
    );
  return `# fish completion for claude-secure and the claude behind it. Generated: npm run completions

# Prints the place of the command line, then the first argument that is no verb, if there is one.
function __claude_secure_place
    set -l place
    set -l skip 0
    set -l tokens (commandline -opc)
    for index in (seq 2 (count $tokens))
        set -l token $tokens[$index]
        if test $skip = 1
            set skip 0
        else if test "$token" = --; and test $index = 2
            set place ${CLAUDE_ONLY}
        else if contains -- "$token" ${Object.keys(OPTION_VALUES).join(' ')}
            set skip 1
        else if not string match -q -- '-*' "$token"
            test "$place" = ${CLAUDE_ONLY}; and set place
            switch "$place/$token"
${enter.join('')}                case '*'
                    echo "$place/"
                    echo argument
                    return
            end
        end
    end
    echo "$place/"
end

# The place is $argv[1], whatever arguments follow it.
function __claude_secure_in
    set -l place (__claude_secure_place)
    test "$place[1]" = "$argv[1]" -o "$place[1]" = "$argv[1]/"
end

# The place is $argv[1] and no argument was given yet: a verb may follow.
function __claude_secure_at
    set -l place (__claude_secure_place)
    test (count $place) = 1; and __claude_secure_in $argv[1]
end

${places.map(placeLines).join('')}`;
}
