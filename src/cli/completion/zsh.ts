import type { OptionValue } from '../claude-words.ts';
import { OPTION_VALUES } from './option-values.ts';
import { CLAUDE_ONLY, type Place } from './places.ts';

const ACTIONS = { file: '_files', directory: '_files -/', text: "_message 'a value'" } as const;

const actionOf = (value: OptionValue): string =>
  typeof value === 'string' ? ACTIONS[value] : `compadd -- ${value.join(' ')}`;

/** `_describe` takes `word:summary`, each in single quotes. */
const described = (name: string, summary: string): string =>
  `'${(summary ? `${name}:${summary}` : name).replaceAll("'", "'\\''")}'`;

function placeCase({ path, words, options }: Place): string {
  const verbs = words.map((word) => described(word.name, word.summary)).join(' ');
  return `    '${path}') verbs=(${verbs}) options=(${options.join(' ')}) ;;\n`;
}

/** zsh: for a directory of \`fpath\` (as \`_claude-secure\`), or to be sourced after \`compinit\`. */
export function zshScript(places: readonly Place[]): string {
  const enter = places
    .filter((place) => place.spellings.length > 0)
    .map(({ path, spellings }) => `    ${spellings.join('|')}) place=${path} ;;\n`);
  const values = Object.entries(OPTION_VALUES).map(
    ([option, value]) => `    ${option}) ${actionOf(value)} ;;\n`,
  );
  return `#compdef claude-secure
# zsh completion for claude-secure and the claude behind it. Generated: npm run completions

# Moves $place on by one verb; fails for a word that is no verb there.
_claude_secure_enter() {
  case $place/$1 in
${enter.join('')}    *) return 1 ;;
  esac
}

_claude_secure_needs_value() {
  [[ " ${Object.keys(OPTION_VALUES).join(' ')} " == *" $1 "* ]]
}

_claude_secure_value() {
  case $1 in
${values.join('')}    *) _files ;;
  esac
}

_claude_secure_place() {
  case $place in
${places.map(placeCase).join('')}  esac
}

_claude-secure() {
  local place='' option='' argument='' word
  local -i i
  local -a verbs options
  for ((i = 2; i < CURRENT; i++)); do
    word=$words[i]
    if [[ -n $option ]]; then
      option=''
    elif [[ $word == -- ]]; then
      ((i == 2)) || { _files; return }
      place=${CLAUDE_ONLY}
    elif [[ $word == -* ]]; then
      _claude_secure_needs_value $word && option=$word
    elif [[ -z $argument ]]; then
      [[ $place == ${CLAUDE_ONLY} ]] && place=''
      _claude_secure_enter $word || argument=$word
    fi
  done
  if [[ -z $option && $words[CURRENT] == --*=* ]]; then
    option=\${words[CURRENT]%%=*}
    compset -P '*='
  fi
  if [[ -n $option ]]; then
    _claude_secure_value $option
    return
  fi
  _claude_secure_place
  if [[ $words[CURRENT] == -* ]]; then
    compadd -- $options
  elif [[ -z $argument ]] && (($#verbs)); then
    _describe 'command' verbs || _files
  else
    _files
  fi
}

if [[ $funcstack[1] == _claude-secure ]]; then
  _claude-secure "$@"
else
  compdef _claude-secure claude-secure
fi
`;
}
