# fish completion for claude-secure and the claude behind it. Generated: npm run completions

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
            set place /--
        else if contains -- "$token" --ablation --accept-command --agent --agents --allow-tools --allowed-tools --allowedTools --append-system-prompt --author --author-email --autocompact --betas --callback-port --case --client-id --concurrency --description --disallow-tools --disallowed-tools --disallowedTools --email --env --environment --file --header --json-schema --label --marketplace --max-budget-usd --max-cost-usd --message --mocks --name --plugin-url --profile --remote --remote-control-session-name-prefix --runs --session-id --system-prompt --tag --threshold --timeout --tools --with --add-dir --config --cwd --debug-file --effort --eval-dir --fallback-model --input-format --judge-model --mcp-config --model --output-dir --output-format --permission-mode --permission-prompts --plugin-dir --report --scope --setting-sources --settings --system-prompt-snapshot --transport --server --env-file
            set skip 1
        else if not string match -q -- '-*' "$token"
            test "$place" = /--; and set place
            switch "$place/$token"
                case /status
                    set place /status
                case /serve
                    set place /serve
                case /restart
                    set place /restart
                case /stop /kill
                    set place /stop
                case /logs
                    set place /logs
                case /cert
                    set place /cert
                case /approve
                    set place /approve
                case /clients
                    set place /clients
                case /upstream
                    set place /upstream
                case /upstream/list
                    set place /upstream/list
                case /upstream/add
                    set place /upstream/add
                case /upstream/remove
                    set place /upstream/remove
                case /upstream/enable
                    set place /upstream/enable
                case /upstream/disable
                    set place /upstream/disable
                case /upstream/import
                    set place /upstream/import
                case /completion
                    set place /completion
                case /help
                    set place /help
                case /version
                    set place /version
                case /agents
                    set place /agents
                case /attach
                    set place /attach
                case /auth
                    set place /auth
                case /auth/help
                    set place /auth/help
                case /auth/login
                    set place /auth/login
                case /auth/logout
                    set place /auth/logout
                case /auth/status
                    set place /auth/status
                case /auto-mode
                    set place /auto-mode
                case /auto-mode/config
                    set place /auto-mode/config
                case /auto-mode/critique
                    set place /auto-mode/critique
                case /auto-mode/defaults
                    set place /auto-mode/defaults
                case /auto-mode/help
                    set place /auto-mode/help
                case /auto-mode/reset
                    set place /auto-mode/reset
                case /doctor
                    set place /doctor
                case /gateway
                    set place /gateway
                case /import
                    set place /import
                case /install
                    set place /install
                case /mcp
                    set place /mcp
                case /mcp/add
                    set place /mcp/add
                case /mcp/add-from-claude-desktop
                    set place /mcp/add-from-claude-desktop
                case /mcp/add-json
                    set place /mcp/add-json
                case /mcp/get
                    set place /mcp/get
                case /mcp/help
                    set place /mcp/help
                case /mcp/list
                    set place /mcp/list
                case /mcp/login
                    set place /mcp/login
                case /mcp/logout
                    set place /mcp/logout
                case /mcp/remove
                    set place /mcp/remove
                case /mcp/reset-project-choices
                    set place /mcp/reset-project-choices
                case /mcp/serve
                    set place /mcp/serve
                case /plugin /plugins
                    set place /plugin
                case /plugin/configure
                    set place /plugin/configure
                case /plugin/details
                    set place /plugin/details
                case /plugin/disable
                    set place /plugin/disable
                case /plugin/enable
                    set place /plugin/enable
                case /plugin/eval
                    set place /plugin/eval
                case /plugin/eval/init
                    set place /plugin/eval/init
                case /plugin/help
                    set place /plugin/help
                case /plugin/init /plugin/new
                    set place /plugin/init
                case /plugin/install /plugin/i
                    set place /plugin/install
                case /plugin/list
                    set place /plugin/list
                case /plugin/marketplace
                    set place /plugin/marketplace
                case /plugin/marketplace/add
                    set place /plugin/marketplace/add
                case /plugin/marketplace/help
                    set place /plugin/marketplace/help
                case /plugin/marketplace/list
                    set place /plugin/marketplace/list
                case /plugin/marketplace/remove /plugin/marketplace/rm
                    set place /plugin/marketplace/remove
                case /plugin/marketplace/update
                    set place /plugin/marketplace/update
                case /plugin/prune /plugin/autoremove
                    set place /plugin/prune
                case /plugin/restore-set-aside
                    set place /plugin/restore-set-aside
                case /plugin/tag
                    set place /plugin/tag
                case /plugin/test
                    set place /plugin/test
                case /plugin/uninstall /plugin/remove
                    set place /plugin/uninstall
                case /plugin/update
                    set place /plugin/update
                case /plugin/validate
                    set place /plugin/validate
                case /project
                    set place /project
                case /project/help
                    set place /project/help
                case /project/purge
                    set place /project/purge
                case /purge
                    set place /purge
                case /respawn
                    set place /respawn
                case /rm
                    set place /rm
                case /setup-token
                    set place /setup-token
                case /ultrareview
                    set place /ultrareview
                case /update /upgrade
                    set place /update
                case '*'
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

complete -c claude-secure -n '__claude_secure_at /' -f
complete -c claude-secure -n '__claude_secure_at /' -a status -d 'what runs, since when, certificate, port, sessions, upstreams'
complete -c claude-secure -n '__claude_secure_at /' -a serve -d 'the daemon in the foreground (systemd, containers, debugging)'
complete -c claude-secure -n '__claude_secure_at /' -a restart -d 'restart the background daemon'
complete -c claude-secure -n '__claude_secure_at /' -a stop -d 'stop the background daemon'
complete -c claude-secure -n '__claude_secure_at /' -a logs -d 'the log of the daemon, or the messages of one upstream'
complete -c claude-secure -n '__claude_secure_at /' -a cert -d 'the certificate: fingerprints, names, expiry, files'
complete -c claude-secure -n '__claude_secure_at /' -a approve -d 'OAuth requests that wait for the owner\'s yes'
complete -c claude-secure -n '__claude_secure_at /' -a clients -d 'who holds access'
complete -c claude-secure -n '__claude_secure_at /' -a upstream -d 'the stdio MCP servers behind the same endpoint'
complete -c claude-secure -n '__claude_secure_at /' -a completion -d 'print the completion script of a shell'
complete -c claude-secure -n '__claude_secure_at /' -a help -d 'this text'
complete -c claude-secure -n '__claude_secure_at /' -a version -d 'claude-secure\'s own version'
complete -c claude-secure -n '__claude_secure_at /' -a agents -d 'Claude, manage background agents'
complete -c claude-secure -n '__claude_secure_at /' -a attach -d 'Claude, open a background session'
complete -c claude-secure -n '__claude_secure_at /' -a auth -d 'Claude, manage authentication'
complete -c claude-secure -n '__claude_secure_at /' -a auto-mode -d 'Claude, inspect or reset auto mode'
complete -c claude-secure -n '__claude_secure_at /' -a doctor -d 'Claude, check the Claude Code installation'
complete -c claude-secure -n '__claude_secure_at /' -a gateway -d 'Claude, run the enterprise gateway'
complete -c claude-secure -n '__claude_secure_at /' -a import -d 'Claude, import config from another agent'
complete -c claude-secure -n '__claude_secure_at /' -a install -d 'Claude, install the native build'
complete -c claude-secure -n '__claude_secure_at /' -a mcp -d 'Claude, manage MCP servers'
complete -c claude-secure -n '__claude_secure_at /' -a plugin -d 'Claude, manage plugins'
complete -c claude-secure -n '__claude_secure_at /' -a plugins -d 'Claude, manage plugins'
complete -c claude-secure -n '__claude_secure_at /' -a project -d 'Claude, manage project data'
complete -c claude-secure -n '__claude_secure_at /' -a purge -d 'Claude, delete a project\'s data'
complete -c claude-secure -n '__claude_secure_at /' -a respawn -d 'Claude, restart a background session'
complete -c claude-secure -n '__claude_secure_at /' -a rm -d 'Claude, remove a background session'
complete -c claude-secure -n '__claude_secure_at /' -a setup-token -d 'Claude, set up a long-lived token'
complete -c claude-secure -n '__claude_secure_at /' -a kill -d 'Claude, stop a background session'
complete -c claude-secure -n '__claude_secure_at /' -a ultrareview -d 'Claude, cloud code review of the branch'
complete -c claude-secure -n '__claude_secure_at /' -a update -d 'Claude, check for updates'
complete -c claude-secure -n '__claude_secure_at /' -a upgrade -d 'Claude, check for updates'
complete -c claude-secure -n '__claude_secure_in /' -l add-dir -x -a '(__fish_complete_directories)'
complete -c claude-secure -n '__claude_secure_in /' -l agent -x
complete -c claude-secure -n '__claude_secure_in /' -l agents -x
complete -c claude-secure -n '__claude_secure_in /' -l allow-dangerously-skip-permissions
complete -c claude-secure -n '__claude_secure_in /' -l allowed-tools -x
complete -c claude-secure -n '__claude_secure_in /' -l allowedTools -x
complete -c claude-secure -n '__claude_secure_in /' -l append-system-prompt -x
complete -c claude-secure -n '__claude_secure_in /' -l autocompact -x
complete -c claude-secure -n '__claude_secure_in /' -l ax-screen-reader
complete -c claude-secure -n '__claude_secure_in /' -l background
complete -c claude-secure -n '__claude_secure_in /' -l bare
complete -c claude-secure -n '__claude_secure_in /' -l betas -x
complete -c claude-secure -n '__claude_secure_in /' -l bg
complete -c claude-secure -n '__claude_secure_in /' -l brief
complete -c claude-secure -n '__claude_secure_in /' -l chrome
complete -c claude-secure -n '__claude_secure_in /' -l cloud
complete -c claude-secure -n '__claude_secure_in /' -l continue
complete -c claude-secure -n '__claude_secure_in /' -l dangerously-skip-permissions
complete -c claude-secure -n '__claude_secure_in /' -l debug
complete -c claude-secure -n '__claude_secure_in /' -l debug-file -r -F
complete -c claude-secure -n '__claude_secure_in /' -l desktop
complete -c claude-secure -n '__claude_secure_in /' -l disable-slash-commands
complete -c claude-secure -n '__claude_secure_in /' -l disallowed-tools -x
complete -c claude-secure -n '__claude_secure_in /' -l disallowedTools -x
complete -c claude-secure -n '__claude_secure_in /' -l effort -x -a 'low medium high xhigh max'
complete -c claude-secure -n '__claude_secure_in /' -l environment -x
complete -c claude-secure -n '__claude_secure_in /' -l exclude-dynamic-system-prompt-sections
complete -c claude-secure -n '__claude_secure_in /' -l fallback-model -x -a 'fable haiku opus sonnet'
complete -c claude-secure -n '__claude_secure_in /' -l file -x
complete -c claude-secure -n '__claude_secure_in /' -l fork-session
complete -c claude-secure -n '__claude_secure_in /' -l forward-subagent-text
complete -c claude-secure -n '__claude_secure_in /' -l from-pr
complete -c claude-secure -n '__claude_secure_in /' -l help
complete -c claude-secure -n '__claude_secure_in /' -l ide
complete -c claude-secure -n '__claude_secure_in /' -l include-hook-events
complete -c claude-secure -n '__claude_secure_in /' -l include-partial-messages
complete -c claude-secure -n '__claude_secure_in /' -l input-format -x -a 'text stream-json'
complete -c claude-secure -n '__claude_secure_in /' -l json-schema -x
complete -c claude-secure -n '__claude_secure_in /' -l max-budget-usd -x
complete -c claude-secure -n '__claude_secure_in /' -l mcp-config -r -F
complete -c claude-secure -n '__claude_secure_in /' -l model -x -a 'fable haiku opus sonnet'
complete -c claude-secure -n '__claude_secure_in /' -l name -x
complete -c claude-secure -n '__claude_secure_in /' -l no-chrome
complete -c claude-secure -n '__claude_secure_in /' -l no-session-persistence
complete -c claude-secure -n '__claude_secure_in /' -l output-format -x -a 'text json stream-json'
complete -c claude-secure -n '__claude_secure_in /' -l permission-mode -x -a 'acceptEdits auto bypassPermissions default dontAsk manual plan'
complete -c claude-secure -n '__claude_secure_in /' -l permission-prompts -x -a 'host none'
complete -c claude-secure -n '__claude_secure_in /' -l plugin-dir -x -a '(__fish_complete_directories)'
complete -c claude-secure -n '__claude_secure_in /' -l plugin-url -x
complete -c claude-secure -n '__claude_secure_in /' -l print
complete -c claude-secure -n '__claude_secure_in /' -l prompt-suggestions
complete -c claude-secure -n '__claude_secure_in /' -l remote-control
complete -c claude-secure -n '__claude_secure_in /' -l remote-control-session-name-prefix -x
complete -c claude-secure -n '__claude_secure_in /' -l replay-user-messages
complete -c claude-secure -n '__claude_secure_in /' -l restricted
complete -c claude-secure -n '__claude_secure_in /' -l resume
complete -c claude-secure -n '__claude_secure_in /' -l safe-mode
complete -c claude-secure -n '__claude_secure_in /' -l session-id -x
complete -c claude-secure -n '__claude_secure_in /' -l setting-sources -x -a 'user project local'
complete -c claude-secure -n '__claude_secure_in /' -l settings -r -F
complete -c claude-secure -n '__claude_secure_in /' -l strict-mcp-config
complete -c claude-secure -n '__claude_secure_in /' -l system-prompt -x
complete -c claude-secure -n '__claude_secure_in /' -l system-prompt-snapshot -x -a 'on off'
complete -c claude-secure -n '__claude_secure_in /' -l teleport
complete -c claude-secure -n '__claude_secure_in /' -l tmux
complete -c claude-secure -n '__claude_secure_in /' -l tools -x
complete -c claude-secure -n '__claude_secure_in /' -l verbose
complete -c claude-secure -n '__claude_secure_in /' -l version
complete -c claude-secure -n '__claude_secure_in /' -l worktree
complete -c claude-secure -n '__claude_secure_at /--' -f
complete -c claude-secure -n '__claude_secure_at /--' -a agents -d 'Claude, manage background agents'
complete -c claude-secure -n '__claude_secure_at /--' -a attach -d 'Claude, open a background session'
complete -c claude-secure -n '__claude_secure_at /--' -a auth -d 'Claude, manage authentication'
complete -c claude-secure -n '__claude_secure_at /--' -a auto-mode -d 'Claude, inspect or reset auto mode'
complete -c claude-secure -n '__claude_secure_at /--' -a doctor -d 'Claude, check the Claude Code installation'
complete -c claude-secure -n '__claude_secure_at /--' -a gateway -d 'Claude, run the enterprise gateway'
complete -c claude-secure -n '__claude_secure_at /--' -a import -d 'Claude, import config from another agent'
complete -c claude-secure -n '__claude_secure_at /--' -a install -d 'Claude, install the native build'
complete -c claude-secure -n '__claude_secure_at /--' -a logs -d 'Claude, output of a background session'
complete -c claude-secure -n '__claude_secure_at /--' -a mcp -d 'Claude, manage MCP servers'
complete -c claude-secure -n '__claude_secure_at /--' -a plugin -d 'Claude, manage plugins'
complete -c claude-secure -n '__claude_secure_at /--' -a plugins -d 'Claude, manage plugins'
complete -c claude-secure -n '__claude_secure_at /--' -a project -d 'Claude, manage project data'
complete -c claude-secure -n '__claude_secure_at /--' -a purge -d 'Claude, delete a project\'s data'
complete -c claude-secure -n '__claude_secure_at /--' -a respawn -d 'Claude, restart a background session'
complete -c claude-secure -n '__claude_secure_at /--' -a rm -d 'Claude, remove a background session'
complete -c claude-secure -n '__claude_secure_at /--' -a setup-token -d 'Claude, set up a long-lived token'
complete -c claude-secure -n '__claude_secure_at /--' -a stop -d 'Claude, stop a background session'
complete -c claude-secure -n '__claude_secure_at /--' -a kill -d 'Claude, stop a background session'
complete -c claude-secure -n '__claude_secure_at /--' -a ultrareview -d 'Claude, cloud code review of the branch'
complete -c claude-secure -n '__claude_secure_at /--' -a update -d 'Claude, check for updates'
complete -c claude-secure -n '__claude_secure_at /--' -a upgrade -d 'Claude, check for updates'
complete -c claude-secure -n '__claude_secure_in /--' -l add-dir -x -a '(__fish_complete_directories)'
complete -c claude-secure -n '__claude_secure_in /--' -l agent -x
complete -c claude-secure -n '__claude_secure_in /--' -l agents -x
complete -c claude-secure -n '__claude_secure_in /--' -l allow-dangerously-skip-permissions
complete -c claude-secure -n '__claude_secure_in /--' -l allowed-tools -x
complete -c claude-secure -n '__claude_secure_in /--' -l allowedTools -x
complete -c claude-secure -n '__claude_secure_in /--' -l append-system-prompt -x
complete -c claude-secure -n '__claude_secure_in /--' -l autocompact -x
complete -c claude-secure -n '__claude_secure_in /--' -l ax-screen-reader
complete -c claude-secure -n '__claude_secure_in /--' -l background
complete -c claude-secure -n '__claude_secure_in /--' -l bare
complete -c claude-secure -n '__claude_secure_in /--' -l betas -x
complete -c claude-secure -n '__claude_secure_in /--' -l bg
complete -c claude-secure -n '__claude_secure_in /--' -l brief
complete -c claude-secure -n '__claude_secure_in /--' -l chrome
complete -c claude-secure -n '__claude_secure_in /--' -l cloud
complete -c claude-secure -n '__claude_secure_in /--' -l continue
complete -c claude-secure -n '__claude_secure_in /--' -l dangerously-skip-permissions
complete -c claude-secure -n '__claude_secure_in /--' -l debug
complete -c claude-secure -n '__claude_secure_in /--' -l debug-file -r -F
complete -c claude-secure -n '__claude_secure_in /--' -l desktop
complete -c claude-secure -n '__claude_secure_in /--' -l disable-slash-commands
complete -c claude-secure -n '__claude_secure_in /--' -l disallowed-tools -x
complete -c claude-secure -n '__claude_secure_in /--' -l disallowedTools -x
complete -c claude-secure -n '__claude_secure_in /--' -l effort -x -a 'low medium high xhigh max'
complete -c claude-secure -n '__claude_secure_in /--' -l environment -x
complete -c claude-secure -n '__claude_secure_in /--' -l exclude-dynamic-system-prompt-sections
complete -c claude-secure -n '__claude_secure_in /--' -l fallback-model -x -a 'fable haiku opus sonnet'
complete -c claude-secure -n '__claude_secure_in /--' -l file -x
complete -c claude-secure -n '__claude_secure_in /--' -l fork-session
complete -c claude-secure -n '__claude_secure_in /--' -l forward-subagent-text
complete -c claude-secure -n '__claude_secure_in /--' -l from-pr
complete -c claude-secure -n '__claude_secure_in /--' -l help
complete -c claude-secure -n '__claude_secure_in /--' -l ide
complete -c claude-secure -n '__claude_secure_in /--' -l include-hook-events
complete -c claude-secure -n '__claude_secure_in /--' -l include-partial-messages
complete -c claude-secure -n '__claude_secure_in /--' -l input-format -x -a 'text stream-json'
complete -c claude-secure -n '__claude_secure_in /--' -l json-schema -x
complete -c claude-secure -n '__claude_secure_in /--' -l max-budget-usd -x
complete -c claude-secure -n '__claude_secure_in /--' -l mcp-config -r -F
complete -c claude-secure -n '__claude_secure_in /--' -l model -x -a 'fable haiku opus sonnet'
complete -c claude-secure -n '__claude_secure_in /--' -l name -x
complete -c claude-secure -n '__claude_secure_in /--' -l no-chrome
complete -c claude-secure -n '__claude_secure_in /--' -l no-session-persistence
complete -c claude-secure -n '__claude_secure_in /--' -l output-format -x -a 'text json stream-json'
complete -c claude-secure -n '__claude_secure_in /--' -l permission-mode -x -a 'acceptEdits auto bypassPermissions default dontAsk manual plan'
complete -c claude-secure -n '__claude_secure_in /--' -l permission-prompts -x -a 'host none'
complete -c claude-secure -n '__claude_secure_in /--' -l plugin-dir -x -a '(__fish_complete_directories)'
complete -c claude-secure -n '__claude_secure_in /--' -l plugin-url -x
complete -c claude-secure -n '__claude_secure_in /--' -l print
complete -c claude-secure -n '__claude_secure_in /--' -l prompt-suggestions
complete -c claude-secure -n '__claude_secure_in /--' -l remote-control
complete -c claude-secure -n '__claude_secure_in /--' -l remote-control-session-name-prefix -x
complete -c claude-secure -n '__claude_secure_in /--' -l replay-user-messages
complete -c claude-secure -n '__claude_secure_in /--' -l restricted
complete -c claude-secure -n '__claude_secure_in /--' -l resume
complete -c claude-secure -n '__claude_secure_in /--' -l safe-mode
complete -c claude-secure -n '__claude_secure_in /--' -l session-id -x
complete -c claude-secure -n '__claude_secure_in /--' -l setting-sources -x -a 'user project local'
complete -c claude-secure -n '__claude_secure_in /--' -l settings -r -F
complete -c claude-secure -n '__claude_secure_in /--' -l strict-mcp-config
complete -c claude-secure -n '__claude_secure_in /--' -l system-prompt -x
complete -c claude-secure -n '__claude_secure_in /--' -l system-prompt-snapshot -x -a 'on off'
complete -c claude-secure -n '__claude_secure_in /--' -l teleport
complete -c claude-secure -n '__claude_secure_in /--' -l tmux
complete -c claude-secure -n '__claude_secure_in /--' -l tools -x
complete -c claude-secure -n '__claude_secure_in /--' -l verbose
complete -c claude-secure -n '__claude_secure_in /--' -l version
complete -c claude-secure -n '__claude_secure_in /--' -l worktree
complete -c claude-secure -n '__claude_secure_in /status' -l json
complete -c claude-secure -n '__claude_secure_in /logs' -s f
complete -c claude-secure -n '__claude_secure_in /logs' -l server -x
complete -c claude-secure -n '__claude_secure_in /logs' -l bodies
complete -c claude-secure -n '__claude_secure_at /cert' -f
complete -c claude-secure -n '__claude_secure_at /cert' -a show
complete -c claude-secure -n '__claude_secure_at /cert' -a renew
complete -c claude-secure -n '__claude_secure_at /cert' -a path
complete -c claude-secure -n '__claude_secure_at /clients' -f
complete -c claude-secure -n '__claude_secure_at /clients' -a revoke
complete -c claude-secure -n '__claude_secure_at /upstream' -f
complete -c claude-secure -n '__claude_secure_at /upstream' -a list -d 'the stdio MCP servers behind the same endpoint'
complete -c claude-secure -n '__claude_secure_at /upstream' -a add -d 'add one, whose tools are mcp__<name>__… in Claude'
complete -c claude-secure -n '__claude_secure_at /upstream' -a remove -d 'remove one'
complete -c claude-secure -n '__claude_secure_at /upstream' -a enable -d 'serve one again'
complete -c claude-secure -n '__claude_secure_at /upstream' -a disable -d 'keep one, but do not serve it'
complete -c claude-secure -n '__claude_secure_at /upstream' -a import -d 'take servers over from Claude\'s own configuration, each after a yes'
complete -c claude-secure -n '__claude_secure_in /upstream' -l json
complete -c claude-secure -n '__claude_secure_in /upstream/list' -l json
complete -c claude-secure -n '__claude_secure_in /upstream/add' -l env -x
complete -c claude-secure -n '__claude_secure_in /upstream/add' -l env-file -r -F
complete -c claude-secure -n '__claude_secure_in /upstream/add' -l cwd -x -a '(__fish_complete_directories)'
complete -c claude-secure -n '__claude_secure_in /upstream/add' -l per-workspace
complete -c claude-secure -n '__claude_secure_in /upstream/add' -l per-session
complete -c claude-secure -n '__claude_secure_at /completion' -f
complete -c claude-secure -n '__claude_secure_at /completion' -a bash
complete -c claude-secure -n '__claude_secure_at /completion' -a zsh
complete -c claude-secure -n '__claude_secure_at /completion' -a fish
complete -c claude-secure -n '__claude_secure_at /completion' -a powershell
complete -c claude-secure -n '__claude_secure_in /agents' -l add-dir -x -a '(__fish_complete_directories)'
complete -c claude-secure -n '__claude_secure_in /agents' -l agent -x
complete -c claude-secure -n '__claude_secure_in /agents' -l all
complete -c claude-secure -n '__claude_secure_in /agents' -l allow-dangerously-skip-permissions
complete -c claude-secure -n '__claude_secure_in /agents' -l cwd -x -a '(__fish_complete_directories)'
complete -c claude-secure -n '__claude_secure_in /agents' -l dangerously-skip-permissions
complete -c claude-secure -n '__claude_secure_in /agents' -l effort -x -a 'low medium high xhigh max'
complete -c claude-secure -n '__claude_secure_in /agents' -l json
complete -c claude-secure -n '__claude_secure_in /agents' -l mcp-config -r -F
complete -c claude-secure -n '__claude_secure_in /agents' -l model -x -a 'fable haiku opus sonnet'
complete -c claude-secure -n '__claude_secure_in /agents' -l permission-mode -x -a 'acceptEdits auto bypassPermissions default dontAsk manual plan'
complete -c claude-secure -n '__claude_secure_in /agents' -l plugin-dir -x -a '(__fish_complete_directories)'
complete -c claude-secure -n '__claude_secure_in /agents' -l restricted
complete -c claude-secure -n '__claude_secure_in /agents' -l setting-sources -x -a 'user project local'
complete -c claude-secure -n '__claude_secure_in /agents' -l settings -r -F
complete -c claude-secure -n '__claude_secure_in /agents' -l strict-mcp-config
complete -c claude-secure -n '__claude_secure_at /auth' -f
complete -c claude-secure -n '__claude_secure_at /auth' -a help
complete -c claude-secure -n '__claude_secure_at /auth' -a login
complete -c claude-secure -n '__claude_secure_at /auth' -a logout
complete -c claude-secure -n '__claude_secure_at /auth' -a status
complete -c claude-secure -n '__claude_secure_in /auth/login' -l claudeai
complete -c claude-secure -n '__claude_secure_in /auth/login' -l console
complete -c claude-secure -n '__claude_secure_in /auth/login' -l email -x
complete -c claude-secure -n '__claude_secure_in /auth/login' -l sso
complete -c claude-secure -n '__claude_secure_in /auth/status' -l json
complete -c claude-secure -n '__claude_secure_in /auth/status' -l text
complete -c claude-secure -n '__claude_secure_at /auto-mode' -f
complete -c claude-secure -n '__claude_secure_at /auto-mode' -a config
complete -c claude-secure -n '__claude_secure_at /auto-mode' -a critique
complete -c claude-secure -n '__claude_secure_at /auto-mode' -a defaults
complete -c claude-secure -n '__claude_secure_at /auto-mode' -a help
complete -c claude-secure -n '__claude_secure_at /auto-mode' -a reset
complete -c claude-secure -n '__claude_secure_in /auto-mode/critique' -l model -x -a 'fable haiku opus sonnet'
complete -c claude-secure -n '__claude_secure_in /auto-mode/defaults' -l label -x
complete -c claude-secure -n '__claude_secure_in /auto-mode/reset' -l yes
complete -c claude-secure -n '__claude_secure_in /gateway' -l config -r -F
complete -c claude-secure -n '__claude_secure_in /import' -l dry-run
complete -c claude-secure -n '__claude_secure_in /import' -l yes
complete -c claude-secure -n '__claude_secure_in /install' -l force
complete -c claude-secure -n '__claude_secure_at /mcp' -f
complete -c claude-secure -n '__claude_secure_at /mcp' -a add
complete -c claude-secure -n '__claude_secure_at /mcp' -a add-from-claude-desktop
complete -c claude-secure -n '__claude_secure_at /mcp' -a add-json
complete -c claude-secure -n '__claude_secure_at /mcp' -a get
complete -c claude-secure -n '__claude_secure_at /mcp' -a help
complete -c claude-secure -n '__claude_secure_at /mcp' -a list
complete -c claude-secure -n '__claude_secure_at /mcp' -a login
complete -c claude-secure -n '__claude_secure_at /mcp' -a logout
complete -c claude-secure -n '__claude_secure_at /mcp' -a remove
complete -c claude-secure -n '__claude_secure_at /mcp' -a reset-project-choices
complete -c claude-secure -n '__claude_secure_at /mcp' -a serve
complete -c claude-secure -n '__claude_secure_in /mcp/add' -l callback-port -x
complete -c claude-secure -n '__claude_secure_in /mcp/add' -l client-id -x
complete -c claude-secure -n '__claude_secure_in /mcp/add' -l client-secret
complete -c claude-secure -n '__claude_secure_in /mcp/add' -l env -x
complete -c claude-secure -n '__claude_secure_in /mcp/add' -l header -x
complete -c claude-secure -n '__claude_secure_in /mcp/add' -l scope -x -a 'local user project'
complete -c claude-secure -n '__claude_secure_in /mcp/add' -l transport -x -a 'stdio sse http'
complete -c claude-secure -n '__claude_secure_in /mcp/add-from-claude-desktop' -l scope -x -a 'local user project'
complete -c claude-secure -n '__claude_secure_in /mcp/add-json' -l client-secret
complete -c claude-secure -n '__claude_secure_in /mcp/add-json' -l scope -x -a 'local user project'
complete -c claude-secure -n '__claude_secure_in /mcp/login' -l no-browser
complete -c claude-secure -n '__claude_secure_in /mcp/remove' -l scope -x -a 'local user project'
complete -c claude-secure -n '__claude_secure_in /mcp/serve' -l debug
complete -c claude-secure -n '__claude_secure_in /mcp/serve' -l verbose
complete -c claude-secure -n '__claude_secure_at /plugin' -f
complete -c claude-secure -n '__claude_secure_at /plugin' -a configure
complete -c claude-secure -n '__claude_secure_at /plugin' -a details
complete -c claude-secure -n '__claude_secure_at /plugin' -a disable
complete -c claude-secure -n '__claude_secure_at /plugin' -a enable
complete -c claude-secure -n '__claude_secure_at /plugin' -a eval
complete -c claude-secure -n '__claude_secure_at /plugin' -a help
complete -c claude-secure -n '__claude_secure_at /plugin' -a init
complete -c claude-secure -n '__claude_secure_at /plugin' -a new
complete -c claude-secure -n '__claude_secure_at /plugin' -a install
complete -c claude-secure -n '__claude_secure_at /plugin' -a i
complete -c claude-secure -n '__claude_secure_at /plugin' -a list
complete -c claude-secure -n '__claude_secure_at /plugin' -a marketplace
complete -c claude-secure -n '__claude_secure_at /plugin' -a prune
complete -c claude-secure -n '__claude_secure_at /plugin' -a autoremove
complete -c claude-secure -n '__claude_secure_at /plugin' -a restore-set-aside
complete -c claude-secure -n '__claude_secure_at /plugin' -a tag
complete -c claude-secure -n '__claude_secure_at /plugin' -a test
complete -c claude-secure -n '__claude_secure_at /plugin' -a uninstall
complete -c claude-secure -n '__claude_secure_at /plugin' -a remove
complete -c claude-secure -n '__claude_secure_at /plugin' -a update
complete -c claude-secure -n '__claude_secure_at /plugin' -a validate
complete -c claude-secure -n '__claude_secure_in /plugin/configure' -l json
complete -c claude-secure -n '__claude_secure_in /plugin/configure' -l values-stdin
complete -c claude-secure -n '__claude_secure_in /plugin/disable' -l all
complete -c claude-secure -n '__claude_secure_in /plugin/disable' -l json
complete -c claude-secure -n '__claude_secure_in /plugin/disable' -l scope -x -a 'local user project'
complete -c claude-secure -n '__claude_secure_in /plugin/enable' -l json
complete -c claude-secure -n '__claude_secure_in /plugin/enable' -l scope -x -a 'local user project'
complete -c claude-secure -n '__claude_secure_at /plugin/eval' -f
complete -c claude-secure -n '__claude_secure_at /plugin/eval' -a init
complete -c claude-secure -n '__claude_secure_in /plugin/eval' -l ablation -x
complete -c claude-secure -n '__claude_secure_in /plugin/eval' -l allow-real-servers
complete -c claude-secure -n '__claude_secure_in /plugin/eval' -l allow-tools -x
complete -c claude-secure -n '__claude_secure_in /plugin/eval' -l case -x
complete -c claude-secure -n '__claude_secure_in /plugin/eval' -l concurrency -x
complete -c claude-secure -n '__claude_secure_in /plugin/eval' -l disallow-tools -x
complete -c claude-secure -n '__claude_secure_in /plugin/eval' -l eval-dir -x -a '(__fish_complete_directories)'
complete -c claude-secure -n '__claude_secure_in /plugin/eval' -l json
complete -c claude-secure -n '__claude_secure_in /plugin/eval' -l judge-model -x -a 'fable haiku opus sonnet'
complete -c claude-secure -n '__claude_secure_in /plugin/eval' -l keep-temp
complete -c claude-secure -n '__claude_secure_in /plugin/eval' -l max-cost-usd -x
complete -c claude-secure -n '__claude_secure_in /plugin/eval' -l mocks -x
complete -c claude-secure -n '__claude_secure_in /plugin/eval' -l model -x -a 'fable haiku opus sonnet'
complete -c claude-secure -n '__claude_secure_in /plugin/eval' -l no-publish
complete -c claude-secure -n '__claude_secure_in /plugin/eval' -l no-scaffold
complete -c claude-secure -n '__claude_secure_in /plugin/eval' -l output-dir -x -a '(__fish_complete_directories)'
complete -c claude-secure -n '__claude_secure_in /plugin/eval' -l publish-report
complete -c claude-secure -n '__claude_secure_in /plugin/eval' -l report -r -F
complete -c claude-secure -n '__claude_secure_in /plugin/eval' -l runs -x
complete -c claude-secure -n '__claude_secure_in /plugin/eval' -l scaffold
complete -c claude-secure -n '__claude_secure_in /plugin/eval' -l tag -x
complete -c claude-secure -n '__claude_secure_in /plugin/eval' -l threshold -x
complete -c claude-secure -n '__claude_secure_in /plugin/eval' -l trust-plugin
complete -c claude-secure -n '__claude_secure_in /plugin/eval' -l verbose
complete -c claude-secure -n '__claude_secure_in /plugin/init' -l author -x
complete -c claude-secure -n '__claude_secure_in /plugin/init' -l author-email -x
complete -c claude-secure -n '__claude_secure_in /plugin/init' -l description -x
complete -c claude-secure -n '__claude_secure_in /plugin/init' -l force
complete -c claude-secure -n '__claude_secure_in /plugin/init' -l with -x
complete -c claude-secure -n '__claude_secure_in /plugin/install' -l accept-command -x
complete -c claude-secure -n '__claude_secure_in /plugin/install' -l config -r -F
complete -c claude-secure -n '__claude_secure_in /plugin/install' -l json
complete -c claude-secure -n '__claude_secure_in /plugin/install' -l marketplace -x
complete -c claude-secure -n '__claude_secure_in /plugin/install' -l scope -x -a 'local user project'
complete -c claude-secure -n '__claude_secure_in /plugin/install' -l yes
complete -c claude-secure -n '__claude_secure_in /plugin/list' -l available
complete -c claude-secure -n '__claude_secure_in /plugin/list' -l data-size
complete -c claude-secure -n '__claude_secure_in /plugin/list' -l json
complete -c claude-secure -n '__claude_secure_at /plugin/marketplace' -f
complete -c claude-secure -n '__claude_secure_at /plugin/marketplace' -a add
complete -c claude-secure -n '__claude_secure_at /plugin/marketplace' -a help
complete -c claude-secure -n '__claude_secure_at /plugin/marketplace' -a list
complete -c claude-secure -n '__claude_secure_at /plugin/marketplace' -a remove
complete -c claude-secure -n '__claude_secure_at /plugin/marketplace' -a rm
complete -c claude-secure -n '__claude_secure_at /plugin/marketplace' -a update
complete -c claude-secure -n '__claude_secure_in /plugin/prune' -l dry-run
complete -c claude-secure -n '__claude_secure_in /plugin/prune' -l scope -x -a 'local user project'
complete -c claude-secure -n '__claude_secure_in /plugin/prune' -l yes
complete -c claude-secure -n '__claude_secure_in /plugin/restore-set-aside' -l discard
complete -c claude-secure -n '__claude_secure_in /plugin/tag' -l dry-run
complete -c claude-secure -n '__claude_secure_in /plugin/tag' -l force
complete -c claude-secure -n '__claude_secure_in /plugin/tag' -l message -x
complete -c claude-secure -n '__claude_secure_in /plugin/tag' -l push
complete -c claude-secure -n '__claude_secure_in /plugin/tag' -l remote -x
complete -c claude-secure -n '__claude_secure_in /plugin/uninstall' -l json
complete -c claude-secure -n '__claude_secure_in /plugin/uninstall' -l keep-data
complete -c claude-secure -n '__claude_secure_in /plugin/uninstall' -l prune
complete -c claude-secure -n '__claude_secure_in /plugin/uninstall' -l scope -x -a 'local user project'
complete -c claude-secure -n '__claude_secure_in /plugin/uninstall' -l yes
complete -c claude-secure -n '__claude_secure_in /plugin/update' -l accept-command -x
complete -c claude-secure -n '__claude_secure_in /plugin/update' -l json
complete -c claude-secure -n '__claude_secure_in /plugin/update' -l scope -x -a 'local user project'
complete -c claude-secure -n '__claude_secure_in /plugin/update' -l yes
complete -c claude-secure -n '__claude_secure_in /plugin/validate' -l json
complete -c claude-secure -n '__claude_secure_in /plugin/validate' -l profile -x
complete -c claude-secure -n '__claude_secure_in /plugin/validate' -l strict
complete -c claude-secure -n '__claude_secure_at /project' -f
complete -c claude-secure -n '__claude_secure_at /project' -a help
complete -c claude-secure -n '__claude_secure_at /project' -a purge
complete -c claude-secure -n '__claude_secure_in /project/purge' -l all
complete -c claude-secure -n '__claude_secure_in /project/purge' -l dry-run
complete -c claude-secure -n '__claude_secure_in /project/purge' -l interactive
complete -c claude-secure -n '__claude_secure_in /project/purge' -l yes
complete -c claude-secure -n '__claude_secure_in /purge' -l all
complete -c claude-secure -n '__claude_secure_in /purge' -l dry-run
complete -c claude-secure -n '__claude_secure_in /purge' -l interactive
complete -c claude-secure -n '__claude_secure_in /purge' -l yes
complete -c claude-secure -n '__claude_secure_in /ultrareview' -l json
complete -c claude-secure -n '__claude_secure_in /ultrareview' -l no-post
complete -c claude-secure -n '__claude_secure_in /ultrareview' -l post
complete -c claude-secure -n '__claude_secure_in /ultrareview' -l timeout -x
complete -c claude-secure -n '__claude_secure_in /ultrareview' -l trust-workspace
