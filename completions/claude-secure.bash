# bash completion for claude-secure and the claude behind it. Generated: npm run completions

_claude_secure_words() { COMPREPLY=($(compgen -W "$1" -- "$current")); }
_claude_secure_paths() {
  local entry
  local IFS=$'\n'
  compopt -o filenames 2>/dev/null
  for entry in $(compgen "$1" -- "$current"); do COMPREPLY+=("$entry"); done
}
_claude_secure_files() { _claude_secure_paths -f; }
_claude_secure_directories() { _claude_secure_paths -d; }

# Moves $place on by one verb; fails for a word that is no verb there.
_claude_secure_enter() {
  case $place/$1 in
    /status) place=/status ;;
    /serve) place=/serve ;;
    /restart) place=/restart ;;
    /stop|/kill) place=/stop ;;
    /logs) place=/logs ;;
    /cert) place=/cert ;;
    /approve) place=/approve ;;
    /clients) place=/clients ;;
    /upstream) place=/upstream ;;
    /upstream/list) place=/upstream/list ;;
    /upstream/add) place=/upstream/add ;;
    /upstream/remove) place=/upstream/remove ;;
    /upstream/enable) place=/upstream/enable ;;
    /upstream/disable) place=/upstream/disable ;;
    /upstream/import) place=/upstream/import ;;
    /completion) place=/completion ;;
    /help) place=/help ;;
    /version) place=/version ;;
    /agents) place=/agents ;;
    /attach) place=/attach ;;
    /auth) place=/auth ;;
    /auth/help) place=/auth/help ;;
    /auth/login) place=/auth/login ;;
    /auth/logout) place=/auth/logout ;;
    /auth/status) place=/auth/status ;;
    /auto-mode) place=/auto-mode ;;
    /auto-mode/config) place=/auto-mode/config ;;
    /auto-mode/critique) place=/auto-mode/critique ;;
    /auto-mode/defaults) place=/auto-mode/defaults ;;
    /auto-mode/help) place=/auto-mode/help ;;
    /auto-mode/reset) place=/auto-mode/reset ;;
    /doctor) place=/doctor ;;
    /gateway) place=/gateway ;;
    /import) place=/import ;;
    /install) place=/install ;;
    /mcp) place=/mcp ;;
    /mcp/add) place=/mcp/add ;;
    /mcp/add-from-claude-desktop) place=/mcp/add-from-claude-desktop ;;
    /mcp/add-json) place=/mcp/add-json ;;
    /mcp/get) place=/mcp/get ;;
    /mcp/help) place=/mcp/help ;;
    /mcp/list) place=/mcp/list ;;
    /mcp/login) place=/mcp/login ;;
    /mcp/logout) place=/mcp/logout ;;
    /mcp/remove) place=/mcp/remove ;;
    /mcp/reset-project-choices) place=/mcp/reset-project-choices ;;
    /mcp/serve) place=/mcp/serve ;;
    /plugin|/plugins) place=/plugin ;;
    /plugin/configure) place=/plugin/configure ;;
    /plugin/details) place=/plugin/details ;;
    /plugin/disable) place=/plugin/disable ;;
    /plugin/enable) place=/plugin/enable ;;
    /plugin/eval) place=/plugin/eval ;;
    /plugin/eval/init) place=/plugin/eval/init ;;
    /plugin/help) place=/plugin/help ;;
    /plugin/init|/plugin/new) place=/plugin/init ;;
    /plugin/install|/plugin/i) place=/plugin/install ;;
    /plugin/list) place=/plugin/list ;;
    /plugin/marketplace) place=/plugin/marketplace ;;
    /plugin/marketplace/add) place=/plugin/marketplace/add ;;
    /plugin/marketplace/help) place=/plugin/marketplace/help ;;
    /plugin/marketplace/list) place=/plugin/marketplace/list ;;
    /plugin/marketplace/remove|/plugin/marketplace/rm) place=/plugin/marketplace/remove ;;
    /plugin/marketplace/update) place=/plugin/marketplace/update ;;
    /plugin/prune|/plugin/autoremove) place=/plugin/prune ;;
    /plugin/restore-set-aside) place=/plugin/restore-set-aside ;;
    /plugin/tag) place=/plugin/tag ;;
    /plugin/test) place=/plugin/test ;;
    /plugin/uninstall|/plugin/remove) place=/plugin/uninstall ;;
    /plugin/update) place=/plugin/update ;;
    /plugin/validate) place=/plugin/validate ;;
    /project) place=/project ;;
    /project/help) place=/project/help ;;
    /project/purge) place=/project/purge ;;
    /purge) place=/purge ;;
    /respawn) place=/respawn ;;
    /rm) place=/rm ;;
    /setup-token) place=/setup-token ;;
    /ultrareview) place=/ultrareview ;;
    /update|/upgrade) place=/update ;;
    *) return 1 ;;
  esac
}

_claude_secure_needs_value() {
  [[ ' --ablation --accept-command --agent --agents --allow-tools --allowed-tools --allowedTools --append-system-prompt --author --author-email --autocompact --betas --callback-port --case --client-id --concurrency --description --disallow-tools --disallowed-tools --disallowedTools --email --env --environment --file --header --json-schema --label --marketplace --max-budget-usd --max-cost-usd --message --mocks --name --plugin-url --profile --remote --remote-control-session-name-prefix --runs --session-id --system-prompt --tag --threshold --timeout --tools --with --add-dir --config --cwd --debug-file --effort --eval-dir --fallback-model --input-format --judge-model --mcp-config --model --output-dir --output-format --permission-mode --permission-prompts --plugin-dir --report --scope --setting-sources --settings --system-prompt-snapshot --transport --server --env-file ' == *" $1 "* ]]
}

_claude_secure_value() {
  case $1 in
    --add-dir) _claude_secure_directories ;;
    --config) _claude_secure_files ;;
    --cwd) _claude_secure_directories ;;
    --debug-file) _claude_secure_files ;;
    --effort) _claude_secure_words 'low medium high xhigh max' ;;
    --eval-dir) _claude_secure_directories ;;
    --fallback-model) _claude_secure_words 'fable haiku opus sonnet' ;;
    --input-format) _claude_secure_words 'text stream-json' ;;
    --judge-model) _claude_secure_words 'fable haiku opus sonnet' ;;
    --mcp-config) _claude_secure_files ;;
    --model) _claude_secure_words 'fable haiku opus sonnet' ;;
    --output-dir) _claude_secure_directories ;;
    --output-format) _claude_secure_words 'text json stream-json' ;;
    --permission-mode) _claude_secure_words 'acceptEdits auto bypassPermissions default dontAsk manual plan' ;;
    --permission-prompts) _claude_secure_words 'host none' ;;
    --plugin-dir) _claude_secure_directories ;;
    --report) _claude_secure_files ;;
    --scope) _claude_secure_words 'local user project' ;;
    --setting-sources) _claude_secure_words 'user project local' ;;
    --settings) _claude_secure_files ;;
    --system-prompt-snapshot) _claude_secure_words 'on off' ;;
    --transport) _claude_secure_words 'stdio sse http' ;;
    --env-file) _claude_secure_files ;;
  esac
}

_claude_secure_place() {
  case $place in
    '') verbs='status serve restart stop logs cert approve clients upstream completion help version agents attach auth auto-mode doctor gateway import install mcp plugin plugins project purge respawn rm setup-token kill ultrareview update upgrade' options='--add-dir --agent --agents --allow-dangerously-skip-permissions --allowed-tools --allowedTools --append-system-prompt --autocompact --ax-screen-reader --background --bare --betas --bg --brief --chrome --cloud --continue --dangerously-skip-permissions --debug --debug-file --desktop --disable-slash-commands --disallowed-tools --disallowedTools --effort --environment --exclude-dynamic-system-prompt-sections --fallback-model --file --fork-session --forward-subagent-text --from-pr --help --ide --include-hook-events --include-partial-messages --input-format --json-schema --max-budget-usd --mcp-config --model --name --no-chrome --no-session-persistence --output-format --permission-mode --permission-prompts --plugin-dir --plugin-url --print --prompt-suggestions --remote-control --remote-control-session-name-prefix --replay-user-messages --restricted --resume --safe-mode --session-id --setting-sources --settings --strict-mcp-config --system-prompt --system-prompt-snapshot --teleport --tmux --tools --verbose --version --worktree' ;;
    '/--') verbs='agents attach auth auto-mode doctor gateway import install logs mcp plugin plugins project purge respawn rm setup-token stop kill ultrareview update upgrade' options='--add-dir --agent --agents --allow-dangerously-skip-permissions --allowed-tools --allowedTools --append-system-prompt --autocompact --ax-screen-reader --background --bare --betas --bg --brief --chrome --cloud --continue --dangerously-skip-permissions --debug --debug-file --desktop --disable-slash-commands --disallowed-tools --disallowedTools --effort --environment --exclude-dynamic-system-prompt-sections --fallback-model --file --fork-session --forward-subagent-text --from-pr --help --ide --include-hook-events --include-partial-messages --input-format --json-schema --max-budget-usd --mcp-config --model --name --no-chrome --no-session-persistence --output-format --permission-mode --permission-prompts --plugin-dir --plugin-url --print --prompt-suggestions --remote-control --remote-control-session-name-prefix --replay-user-messages --restricted --resume --safe-mode --session-id --setting-sources --settings --strict-mcp-config --system-prompt --system-prompt-snapshot --teleport --tmux --tools --verbose --version --worktree' ;;
    '/status') verbs='' options='--json' ;;
    '/serve') verbs='' options='' ;;
    '/restart') verbs='' options='' ;;
    '/stop') verbs='' options='' ;;
    '/logs') verbs='' options='-f --server --bodies' ;;
    '/cert') verbs='show renew path' options='' ;;
    '/approve') verbs='' options='' ;;
    '/clients') verbs='revoke' options='' ;;
    '/upstream') verbs='list add remove enable disable import' options='--json' ;;
    '/upstream/list') verbs='' options='--json' ;;
    '/upstream/add') verbs='' options='--env --env-file --cwd --per-workspace --per-session' ;;
    '/upstream/remove') verbs='' options='' ;;
    '/upstream/enable') verbs='' options='' ;;
    '/upstream/disable') verbs='' options='' ;;
    '/upstream/import') verbs='' options='' ;;
    '/completion') verbs='bash zsh fish powershell' options='' ;;
    '/help') verbs='' options='' ;;
    '/version') verbs='' options='' ;;
    '/agents') verbs='' options='--add-dir --agent --all --allow-dangerously-skip-permissions --cwd --dangerously-skip-permissions --effort --json --mcp-config --model --permission-mode --plugin-dir --restricted --setting-sources --settings --strict-mcp-config' ;;
    '/attach') verbs='' options='' ;;
    '/auth') verbs='help login logout status' options='' ;;
    '/auth/help') verbs='' options='' ;;
    '/auth/login') verbs='' options='--claudeai --console --email --sso' ;;
    '/auth/logout') verbs='' options='' ;;
    '/auth/status') verbs='' options='--json --text' ;;
    '/auto-mode') verbs='config critique defaults help reset' options='' ;;
    '/auto-mode/config') verbs='' options='' ;;
    '/auto-mode/critique') verbs='' options='--model' ;;
    '/auto-mode/defaults') verbs='' options='--label' ;;
    '/auto-mode/help') verbs='' options='' ;;
    '/auto-mode/reset') verbs='' options='--yes' ;;
    '/doctor') verbs='' options='' ;;
    '/gateway') verbs='' options='--config' ;;
    '/import') verbs='' options='--dry-run --yes' ;;
    '/install') verbs='' options='--force' ;;
    '/mcp') verbs='add add-from-claude-desktop add-json get help list login logout remove reset-project-choices serve' options='' ;;
    '/mcp/add') verbs='' options='--callback-port --client-id --client-secret --env --header --scope --transport' ;;
    '/mcp/add-from-claude-desktop') verbs='' options='--scope' ;;
    '/mcp/add-json') verbs='' options='--client-secret --scope' ;;
    '/mcp/get') verbs='' options='' ;;
    '/mcp/help') verbs='' options='' ;;
    '/mcp/list') verbs='' options='' ;;
    '/mcp/login') verbs='' options='--no-browser' ;;
    '/mcp/logout') verbs='' options='' ;;
    '/mcp/remove') verbs='' options='--scope' ;;
    '/mcp/reset-project-choices') verbs='' options='' ;;
    '/mcp/serve') verbs='' options='--debug --verbose' ;;
    '/plugin') verbs='configure details disable enable eval help init new install i list marketplace prune autoremove restore-set-aside tag test uninstall remove update validate' options='' ;;
    '/plugin/configure') verbs='' options='--json --values-stdin' ;;
    '/plugin/details') verbs='' options='' ;;
    '/plugin/disable') verbs='' options='--all --json --scope' ;;
    '/plugin/enable') verbs='' options='--json --scope' ;;
    '/plugin/eval') verbs='init' options='--ablation --allow-real-servers --allow-tools --case --concurrency --disallow-tools --eval-dir --json --judge-model --keep-temp --max-cost-usd --mocks --model --no-publish --no-scaffold --output-dir --publish-report --report --runs --scaffold --tag --threshold --trust-plugin --verbose' ;;
    '/plugin/eval/init') verbs='' options='' ;;
    '/plugin/help') verbs='' options='' ;;
    '/plugin/init') verbs='' options='--author --author-email --description --force --with' ;;
    '/plugin/install') verbs='' options='--accept-command --config --json --marketplace --scope --yes' ;;
    '/plugin/list') verbs='' options='--available --data-size --json' ;;
    '/plugin/marketplace') verbs='add help list remove rm update' options='' ;;
    '/plugin/marketplace/add') verbs='' options='' ;;
    '/plugin/marketplace/help') verbs='' options='' ;;
    '/plugin/marketplace/list') verbs='' options='' ;;
    '/plugin/marketplace/remove') verbs='' options='' ;;
    '/plugin/marketplace/update') verbs='' options='' ;;
    '/plugin/prune') verbs='' options='--dry-run --scope --yes' ;;
    '/plugin/restore-set-aside') verbs='' options='--discard' ;;
    '/plugin/tag') verbs='' options='--dry-run --force --message --push --remote' ;;
    '/plugin/test') verbs='' options='' ;;
    '/plugin/uninstall') verbs='' options='--json --keep-data --prune --scope --yes' ;;
    '/plugin/update') verbs='' options='--accept-command --json --scope --yes' ;;
    '/plugin/validate') verbs='' options='--json --profile --strict' ;;
    '/project') verbs='help purge' options='' ;;
    '/project/help') verbs='' options='' ;;
    '/project/purge') verbs='' options='--all --dry-run --interactive --yes' ;;
    '/purge') verbs='' options='--all --dry-run --interactive --yes' ;;
    '/respawn') verbs='' options='' ;;
    '/rm') verbs='' options='' ;;
    '/setup-token') verbs='' options='' ;;
    '/ultrareview') verbs='' options='--json --no-post --post --timeout --trust-workspace' ;;
    '/update') verbs='' options='' ;;
  esac
}

_claude_secure() {
  local current=${COMP_WORDS[COMP_CWORD]} place='' option='' argument='' verbs='' options='' word i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=${COMP_WORDS[i]}
    case $word in
      =) option=${option:-=} ;;
      --) if ((i == 1)); then place=/--; else return; fi ;;
      -*) if _claude_secure_needs_value "$word"; then option=$word; else option=''; fi ;;
      *)
        if [[ -n $option ]]; then
          option=''
        elif [[ -z $argument ]]; then
          [[ $place == /-- ]] && place=''
          _claude_secure_enter "$word" || argument=$word
        fi
        ;;
    esac
  done
  [[ $current == = ]] && current='' && option=${option:-=}
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
