import type { OptionValue } from '../claude-words.ts';
import { OPTION_VALUES } from './option-values.ts';
import { CLAUDE_ONLY, type Place } from './places.ts';

const ACTIONS = { file: 'files', directory: 'directories', text: undefined } as const;

function valueCase([option, value]: [string, OptionValue]): string {
  const action = typeof value === 'string' ? ACTIONS[value] : `words '${value.join(' ')}'`;
  return action ? `    ${option}) _claude_secure_${action} ;;\n` : '';
}

function placeCase({ path, words, options }: Place): string {
  const names = words.map((word) => word.name).join(' ');
  return `    '${path}') verbs='${names}' options='${options.join(' ')}' ;;\n`;
}

/**
 * bash: works without bash-completion, also in the bash 3.2 of macOS. Where nothing of ours fits, readline
 * completes file names, as a prompt may hold them. `=` is a word of its own to readline, so `--model=` is
 * three words here.
 */
export function bashScript(places: readonly Place[]): string {
  const enter = places
    .filter((place) => place.spellings.length > 0)
    .map(({ path, spellings }) => `    ${spellings.join('|')}) place=${path} ;;\n`);
  return `# bash completion for claude-secure and the claude behind it. Generated: npm run completions

_claude_secure_words() { COMPREPLY=($(compgen -W "$1" -- "$current")); }
_claude_secure_paths() {
  local entry
  local IFS=$'\\n'
  compopt -o filenames 2>/dev/null
  for entry in $(compgen "$1" -- "$current"); do COMPREPLY+=("$entry"); done
}
_claude_secure_files() { _claude_secure_paths -f; }
_claude_secure_directories() { _claude_secure_paths -d; }

# Moves $place on by one verb; fails for a word that is no verb there.
_claude_secure_enter() {
  case $place/$1 in
${enter.join('')}    *) return 1 ;;
  esac
}

_claude_secure_needs_value() {
  [[ ' ${Object.keys(OPTION_VALUES).join(' ')} ' == *" $1 "* ]]
}

_claude_secure_value() {
  case $1 in
${Object.entries(OPTION_VALUES).map(valueCase).join('')}  esac
}

_claude_secure_place() {
  case $place in
${places.map(placeCase).join('')}  esac
}

_claude_secure() {
  local current=\${COMP_WORDS[COMP_CWORD]} place='' option='' argument='' verbs='' options='' word i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=\${COMP_WORDS[i]}
    case $word in
      =) option=\${option:-=} ;;
      --) if ((i == 1)); then place=${CLAUDE_ONLY}; else return; fi ;;
      -*) if _claude_secure_needs_value "$word"; then option=$word; else option=''; fi ;;
      *)
        if [[ -n $option ]]; then
          option=''
        elif [[ -z $argument ]]; then
          [[ $place == ${CLAUDE_ONLY} ]] && place=''
          _claude_secure_enter "$word" || argument=$word
        fi
        ;;
    esac
  done
  [[ $current == = ]] && current='' && option=\${option:-=}
  if [[ -n $option ]]; then
    _claude_secure_value "$option"
    return
  fi
  _claude_secure_place
  if [[ $current == -* ]]; then
    _claude_secure_words "$options"
  elif [[ -z $argument ]]; then
    _claude_secure_words "$verbs"
  fi
}

complete -o bashdefault -o default -F _claude_secure claude-secure
`;
}
