# PowerShell completion for claude-secure and the claude behind it. Generated: npm run completions

Register-ArgumentCompleter -Native -CommandName claude-secure -ScriptBlock {
  param($wordToComplete, $commandAst, $cursorPosition)

  # Every spelling of a place, and the place it leads to.
  $enter = @{
    '/status' = '/status'
    '/serve' = '/serve'
    '/restart' = '/restart'
    '/stop' = '/stop'
    '/kill' = '/stop'
    '/logs' = '/logs'
    '/cert' = '/cert'
    '/approve' = '/approve'
    '/clients' = '/clients'
    '/upstream' = '/upstream'
    '/upstream/list' = '/upstream/list'
    '/upstream/add' = '/upstream/add'
    '/upstream/remove' = '/upstream/remove'
    '/upstream/enable' = '/upstream/enable'
    '/upstream/disable' = '/upstream/disable'
    '/upstream/import' = '/upstream/import'
    '/completion' = '/completion'
    '/help' = '/help'
    '/version' = '/version'
    '/agents' = '/agents'
    '/attach' = '/attach'
    '/auth' = '/auth'
    '/auth/help' = '/auth/help'
    '/auth/login' = '/auth/login'
    '/auth/logout' = '/auth/logout'
    '/auth/status' = '/auth/status'
    '/auto-mode' = '/auto-mode'
    '/auto-mode/config' = '/auto-mode/config'
    '/auto-mode/critique' = '/auto-mode/critique'
    '/auto-mode/defaults' = '/auto-mode/defaults'
    '/auto-mode/help' = '/auto-mode/help'
    '/auto-mode/reset' = '/auto-mode/reset'
    '/doctor' = '/doctor'
    '/gateway' = '/gateway'
    '/import' = '/import'
    '/install' = '/install'
    '/mcp' = '/mcp'
    '/mcp/add' = '/mcp/add'
    '/mcp/add-from-claude-desktop' = '/mcp/add-from-claude-desktop'
    '/mcp/add-json' = '/mcp/add-json'
    '/mcp/get' = '/mcp/get'
    '/mcp/help' = '/mcp/help'
    '/mcp/list' = '/mcp/list'
    '/mcp/login' = '/mcp/login'
    '/mcp/logout' = '/mcp/logout'
    '/mcp/remove' = '/mcp/remove'
    '/mcp/reset-project-choices' = '/mcp/reset-project-choices'
    '/mcp/serve' = '/mcp/serve'
    '/plugin' = '/plugin'
    '/plugins' = '/plugin'
    '/plugin/configure' = '/plugin/configure'
    '/plugin/details' = '/plugin/details'
    '/plugin/disable' = '/plugin/disable'
    '/plugin/enable' = '/plugin/enable'
    '/plugin/eval' = '/plugin/eval'
    '/plugin/eval/init' = '/plugin/eval/init'
    '/plugin/help' = '/plugin/help'
    '/plugin/init' = '/plugin/init'
    '/plugin/new' = '/plugin/init'
    '/plugin/install' = '/plugin/install'
    '/plugin/i' = '/plugin/install'
    '/plugin/list' = '/plugin/list'
    '/plugin/marketplace' = '/plugin/marketplace'
    '/plugin/marketplace/add' = '/plugin/marketplace/add'
    '/plugin/marketplace/help' = '/plugin/marketplace/help'
    '/plugin/marketplace/list' = '/plugin/marketplace/list'
    '/plugin/marketplace/remove' = '/plugin/marketplace/remove'
    '/plugin/marketplace/rm' = '/plugin/marketplace/remove'
    '/plugin/marketplace/update' = '/plugin/marketplace/update'
    '/plugin/prune' = '/plugin/prune'
    '/plugin/autoremove' = '/plugin/prune'
    '/plugin/restore-set-aside' = '/plugin/restore-set-aside'
    '/plugin/tag' = '/plugin/tag'
    '/plugin/test' = '/plugin/test'
    '/plugin/uninstall' = '/plugin/uninstall'
    '/plugin/remove' = '/plugin/uninstall'
    '/plugin/update' = '/plugin/update'
    '/plugin/validate' = '/plugin/validate'
    '/project' = '/project'
    '/project/help' = '/project/help'
    '/project/purge' = '/project/purge'
    '/purge' = '/purge'
    '/respawn' = '/respawn'
    '/rm' = '/rm'
    '/setup-token' = '/setup-token'
    '/ultrareview' = '/ultrareview'
    '/update' = '/update'
    '/upgrade' = '/update'
  }
  # Options that need a value, and the values that can be listed.
  $values = @{
    '--ablation' = @()
    '--accept-command' = @()
    '--agent' = @()
    '--agents' = @()
    '--allow-tools' = @()
    '--allowed-tools' = @()
    '--allowedTools' = @()
    '--append-system-prompt' = @()
    '--author' = @()
    '--author-email' = @()
    '--autocompact' = @()
    '--betas' = @()
    '--callback-port' = @()
    '--case' = @()
    '--client-id' = @()
    '--concurrency' = @()
    '--description' = @()
    '--disallow-tools' = @()
    '--disallowed-tools' = @()
    '--disallowedTools' = @()
    '--email' = @()
    '--env' = @()
    '--environment' = @()
    '--file' = @()
    '--header' = @()
    '--json-schema' = @()
    '--label' = @()
    '--marketplace' = @()
    '--max-budget-usd' = @()
    '--max-cost-usd' = @()
    '--message' = @()
    '--mocks' = @()
    '--name' = @()
    '--plugin-url' = @()
    '--profile' = @()
    '--remote' = @()
    '--remote-control-session-name-prefix' = @()
    '--runs' = @()
    '--session-id' = @()
    '--system-prompt' = @()
    '--tag' = @()
    '--threshold' = @()
    '--timeout' = @()
    '--tools' = @()
    '--with' = @()
    '--add-dir' = @()
    '--config' = @()
    '--cwd' = @()
    '--debug-file' = @()
    '--effort' = @('low', 'medium', 'high', 'xhigh', 'max')
    '--eval-dir' = @()
    '--fallback-model' = @('fable', 'haiku', 'opus', 'sonnet')
    '--input-format' = @('text', 'stream-json')
    '--judge-model' = @('fable', 'haiku', 'opus', 'sonnet')
    '--mcp-config' = @()
    '--model' = @('fable', 'haiku', 'opus', 'sonnet')
    '--output-dir' = @()
    '--output-format' = @('text', 'json', 'stream-json')
    '--permission-mode' = @('acceptEdits', 'auto', 'bypassPermissions', 'default', 'dontAsk', 'manual', 'plan')
    '--permission-prompts' = @('host', 'none')
    '--plugin-dir' = @()
    '--report' = @()
    '--scope' = @('local', 'user', 'project')
    '--setting-sources' = @('user', 'project', 'local')
    '--settings' = @()
    '--system-prompt-snapshot' = @('on', 'off')
    '--transport' = @('stdio', 'sse', 'http')
    '--server' = @()
    '--env-file' = @()
  }
  $places = @{
    '' = @{ Verbs = [ordered]@{ 'status' = 'what runs, since when, certificate, port, sessions, upstreams'; 'serve' = 'the daemon in the foreground (systemd, containers, debugging)'; 'restart' = 'restart the background daemon'; 'stop' = 'stop the background daemon'; 'logs' = 'the log of the daemon, or the messages of one upstream'; 'cert' = 'the certificate: fingerprints, names, expiry, files'; 'approve' = 'OAuth requests that wait for the owner''s yes'; 'clients' = 'who holds access'; 'upstream' = 'the stdio MCP servers behind the same endpoint'; 'completion' = 'print the completion script of a shell'; 'help' = 'this text'; 'version' = 'claude-secure''s own version'; 'agents' = 'Claude, manage background agents'; 'attach' = 'Claude, open a background session'; 'auth' = 'Claude, manage authentication'; 'auto-mode' = 'Claude, inspect or reset auto mode'; 'doctor' = 'Claude, check the Claude Code installation'; 'gateway' = 'Claude, run the enterprise gateway'; 'import' = 'Claude, import config from another agent'; 'install' = 'Claude, install the native build'; 'mcp' = 'Claude, manage MCP servers'; 'plugin' = 'Claude, manage plugins'; 'plugins' = 'Claude, manage plugins'; 'project' = 'Claude, manage project data'; 'purge' = 'Claude, delete a project''s data'; 'respawn' = 'Claude, restart a background session'; 'rm' = 'Claude, remove a background session'; 'setup-token' = 'Claude, set up a long-lived token'; 'kill' = 'Claude, stop a background session'; 'ultrareview' = 'Claude, cloud code review of the branch'; 'update' = 'Claude, check for updates'; 'upgrade' = 'Claude, check for updates' }; Options = @('--add-dir', '--agent', '--agents', '--allow-dangerously-skip-permissions', '--allowed-tools', '--allowedTools', '--append-system-prompt', '--autocompact', '--ax-screen-reader', '--background', '--bare', '--betas', '--bg', '--brief', '--chrome', '--cloud', '--continue', '--dangerously-skip-permissions', '--debug', '--debug-file', '--desktop', '--disable-slash-commands', '--disallowed-tools', '--disallowedTools', '--effort', '--environment', '--exclude-dynamic-system-prompt-sections', '--fallback-model', '--file', '--fork-session', '--forward-subagent-text', '--from-pr', '--help', '--ide', '--include-hook-events', '--include-partial-messages', '--input-format', '--json-schema', '--max-budget-usd', '--mcp-config', '--model', '--name', '--no-chrome', '--no-session-persistence', '--output-format', '--permission-mode', '--permission-prompts', '--plugin-dir', '--plugin-url', '--print', '--prompt-suggestions', '--remote-control', '--remote-control-session-name-prefix', '--replay-user-messages', '--restricted', '--resume', '--safe-mode', '--session-id', '--setting-sources', '--settings', '--strict-mcp-config', '--system-prompt', '--system-prompt-snapshot', '--teleport', '--tmux', '--tools', '--verbose', '--version', '--worktree') }
    '/--' = @{ Verbs = [ordered]@{ 'agents' = 'Claude, manage background agents'; 'attach' = 'Claude, open a background session'; 'auth' = 'Claude, manage authentication'; 'auto-mode' = 'Claude, inspect or reset auto mode'; 'doctor' = 'Claude, check the Claude Code installation'; 'gateway' = 'Claude, run the enterprise gateway'; 'import' = 'Claude, import config from another agent'; 'install' = 'Claude, install the native build'; 'logs' = 'Claude, output of a background session'; 'mcp' = 'Claude, manage MCP servers'; 'plugin' = 'Claude, manage plugins'; 'plugins' = 'Claude, manage plugins'; 'project' = 'Claude, manage project data'; 'purge' = 'Claude, delete a project''s data'; 'respawn' = 'Claude, restart a background session'; 'rm' = 'Claude, remove a background session'; 'setup-token' = 'Claude, set up a long-lived token'; 'stop' = 'Claude, stop a background session'; 'kill' = 'Claude, stop a background session'; 'ultrareview' = 'Claude, cloud code review of the branch'; 'update' = 'Claude, check for updates'; 'upgrade' = 'Claude, check for updates' }; Options = @('--add-dir', '--agent', '--agents', '--allow-dangerously-skip-permissions', '--allowed-tools', '--allowedTools', '--append-system-prompt', '--autocompact', '--ax-screen-reader', '--background', '--bare', '--betas', '--bg', '--brief', '--chrome', '--cloud', '--continue', '--dangerously-skip-permissions', '--debug', '--debug-file', '--desktop', '--disable-slash-commands', '--disallowed-tools', '--disallowedTools', '--effort', '--environment', '--exclude-dynamic-system-prompt-sections', '--fallback-model', '--file', '--fork-session', '--forward-subagent-text', '--from-pr', '--help', '--ide', '--include-hook-events', '--include-partial-messages', '--input-format', '--json-schema', '--max-budget-usd', '--mcp-config', '--model', '--name', '--no-chrome', '--no-session-persistence', '--output-format', '--permission-mode', '--permission-prompts', '--plugin-dir', '--plugin-url', '--print', '--prompt-suggestions', '--remote-control', '--remote-control-session-name-prefix', '--replay-user-messages', '--restricted', '--resume', '--safe-mode', '--session-id', '--setting-sources', '--settings', '--strict-mcp-config', '--system-prompt', '--system-prompt-snapshot', '--teleport', '--tmux', '--tools', '--verbose', '--version', '--worktree') }
    '/status' = @{ Verbs = [ordered]@{  }; Options = @('--json') }
    '/serve' = @{ Verbs = [ordered]@{  }; Options = @() }
    '/restart' = @{ Verbs = [ordered]@{  }; Options = @() }
    '/stop' = @{ Verbs = [ordered]@{  }; Options = @() }
    '/logs' = @{ Verbs = [ordered]@{  }; Options = @('-f', '--server', '--bodies') }
    '/cert' = @{ Verbs = [ordered]@{ 'show' = 'show'; 'renew' = 'renew'; 'path' = 'path' }; Options = @() }
    '/approve' = @{ Verbs = [ordered]@{  }; Options = @() }
    '/clients' = @{ Verbs = [ordered]@{ 'revoke' = 'revoke' }; Options = @() }
    '/upstream' = @{ Verbs = [ordered]@{ 'list' = 'the stdio MCP servers behind the same endpoint'; 'add' = 'add one, whose tools are mcp__<name>__… in Claude'; 'remove' = 'remove one'; 'enable' = 'serve one again'; 'disable' = 'keep one, but do not serve it'; 'import' = 'take servers over from Claude''s own configuration, each after a yes' }; Options = @('--json') }
    '/upstream/list' = @{ Verbs = [ordered]@{  }; Options = @('--json') }
    '/upstream/add' = @{ Verbs = [ordered]@{  }; Options = @('--env', '--env-file', '--cwd', '--per-workspace', '--per-session') }
    '/upstream/remove' = @{ Verbs = [ordered]@{  }; Options = @() }
    '/upstream/enable' = @{ Verbs = [ordered]@{  }; Options = @() }
    '/upstream/disable' = @{ Verbs = [ordered]@{  }; Options = @() }
    '/upstream/import' = @{ Verbs = [ordered]@{  }; Options = @() }
    '/completion' = @{ Verbs = [ordered]@{ 'bash' = 'bash'; 'zsh' = 'zsh'; 'fish' = 'fish'; 'powershell' = 'powershell' }; Options = @() }
    '/help' = @{ Verbs = [ordered]@{  }; Options = @() }
    '/version' = @{ Verbs = [ordered]@{  }; Options = @() }
    '/agents' = @{ Verbs = [ordered]@{  }; Options = @('--add-dir', '--agent', '--all', '--allow-dangerously-skip-permissions', '--cwd', '--dangerously-skip-permissions', '--effort', '--json', '--mcp-config', '--model', '--permission-mode', '--plugin-dir', '--restricted', '--setting-sources', '--settings', '--strict-mcp-config') }
    '/attach' = @{ Verbs = [ordered]@{  }; Options = @() }
    '/auth' = @{ Verbs = [ordered]@{ 'help' = 'help'; 'login' = 'login'; 'logout' = 'logout'; 'status' = 'status' }; Options = @() }
    '/auth/help' = @{ Verbs = [ordered]@{  }; Options = @() }
    '/auth/login' = @{ Verbs = [ordered]@{  }; Options = @('--claudeai', '--console', '--email', '--sso') }
    '/auth/logout' = @{ Verbs = [ordered]@{  }; Options = @() }
    '/auth/status' = @{ Verbs = [ordered]@{  }; Options = @('--json', '--text') }
    '/auto-mode' = @{ Verbs = [ordered]@{ 'config' = 'config'; 'critique' = 'critique'; 'defaults' = 'defaults'; 'help' = 'help'; 'reset' = 'reset' }; Options = @() }
    '/auto-mode/config' = @{ Verbs = [ordered]@{  }; Options = @() }
    '/auto-mode/critique' = @{ Verbs = [ordered]@{  }; Options = @('--model') }
    '/auto-mode/defaults' = @{ Verbs = [ordered]@{  }; Options = @('--label') }
    '/auto-mode/help' = @{ Verbs = [ordered]@{  }; Options = @() }
    '/auto-mode/reset' = @{ Verbs = [ordered]@{  }; Options = @('--yes') }
    '/doctor' = @{ Verbs = [ordered]@{  }; Options = @() }
    '/gateway' = @{ Verbs = [ordered]@{  }; Options = @('--config') }
    '/import' = @{ Verbs = [ordered]@{  }; Options = @('--dry-run', '--yes') }
    '/install' = @{ Verbs = [ordered]@{  }; Options = @('--force') }
    '/mcp' = @{ Verbs = [ordered]@{ 'add' = 'add'; 'add-from-claude-desktop' = 'add-from-claude-desktop'; 'add-json' = 'add-json'; 'get' = 'get'; 'help' = 'help'; 'list' = 'list'; 'login' = 'login'; 'logout' = 'logout'; 'remove' = 'remove'; 'reset-project-choices' = 'reset-project-choices'; 'serve' = 'serve' }; Options = @() }
    '/mcp/add' = @{ Verbs = [ordered]@{  }; Options = @('--callback-port', '--client-id', '--client-secret', '--env', '--header', '--scope', '--transport') }
    '/mcp/add-from-claude-desktop' = @{ Verbs = [ordered]@{  }; Options = @('--scope') }
    '/mcp/add-json' = @{ Verbs = [ordered]@{  }; Options = @('--client-secret', '--scope') }
    '/mcp/get' = @{ Verbs = [ordered]@{  }; Options = @() }
    '/mcp/help' = @{ Verbs = [ordered]@{  }; Options = @() }
    '/mcp/list' = @{ Verbs = [ordered]@{  }; Options = @() }
    '/mcp/login' = @{ Verbs = [ordered]@{  }; Options = @('--no-browser') }
    '/mcp/logout' = @{ Verbs = [ordered]@{  }; Options = @() }
    '/mcp/remove' = @{ Verbs = [ordered]@{  }; Options = @('--scope') }
    '/mcp/reset-project-choices' = @{ Verbs = [ordered]@{  }; Options = @() }
    '/mcp/serve' = @{ Verbs = [ordered]@{  }; Options = @('--debug', '--verbose') }
    '/plugin' = @{ Verbs = [ordered]@{ 'configure' = 'configure'; 'details' = 'details'; 'disable' = 'disable'; 'enable' = 'enable'; 'eval' = 'eval'; 'help' = 'help'; 'init' = 'init'; 'new' = 'new'; 'install' = 'install'; 'i' = 'i'; 'list' = 'list'; 'marketplace' = 'marketplace'; 'prune' = 'prune'; 'autoremove' = 'autoremove'; 'restore-set-aside' = 'restore-set-aside'; 'tag' = 'tag'; 'test' = 'test'; 'uninstall' = 'uninstall'; 'remove' = 'remove'; 'update' = 'update'; 'validate' = 'validate' }; Options = @() }
    '/plugin/configure' = @{ Verbs = [ordered]@{  }; Options = @('--json', '--values-stdin') }
    '/plugin/details' = @{ Verbs = [ordered]@{  }; Options = @() }
    '/plugin/disable' = @{ Verbs = [ordered]@{  }; Options = @('--all', '--json', '--scope') }
    '/plugin/enable' = @{ Verbs = [ordered]@{  }; Options = @('--json', '--scope') }
    '/plugin/eval' = @{ Verbs = [ordered]@{ 'init' = 'init' }; Options = @('--ablation', '--allow-real-servers', '--allow-tools', '--case', '--concurrency', '--disallow-tools', '--eval-dir', '--json', '--judge-model', '--keep-temp', '--max-cost-usd', '--mocks', '--model', '--no-publish', '--no-scaffold', '--output-dir', '--publish-report', '--report', '--runs', '--scaffold', '--tag', '--threshold', '--trust-plugin', '--verbose') }
    '/plugin/eval/init' = @{ Verbs = [ordered]@{  }; Options = @() }
    '/plugin/help' = @{ Verbs = [ordered]@{  }; Options = @() }
    '/plugin/init' = @{ Verbs = [ordered]@{  }; Options = @('--author', '--author-email', '--description', '--force', '--with') }
    '/plugin/install' = @{ Verbs = [ordered]@{  }; Options = @('--accept-command', '--config', '--json', '--marketplace', '--scope', '--yes') }
    '/plugin/list' = @{ Verbs = [ordered]@{  }; Options = @('--available', '--data-size', '--json') }
    '/plugin/marketplace' = @{ Verbs = [ordered]@{ 'add' = 'add'; 'help' = 'help'; 'list' = 'list'; 'remove' = 'remove'; 'rm' = 'rm'; 'update' = 'update' }; Options = @() }
    '/plugin/marketplace/add' = @{ Verbs = [ordered]@{  }; Options = @() }
    '/plugin/marketplace/help' = @{ Verbs = [ordered]@{  }; Options = @() }
    '/plugin/marketplace/list' = @{ Verbs = [ordered]@{  }; Options = @() }
    '/plugin/marketplace/remove' = @{ Verbs = [ordered]@{  }; Options = @() }
    '/plugin/marketplace/update' = @{ Verbs = [ordered]@{  }; Options = @() }
    '/plugin/prune' = @{ Verbs = [ordered]@{  }; Options = @('--dry-run', '--scope', '--yes') }
    '/plugin/restore-set-aside' = @{ Verbs = [ordered]@{  }; Options = @('--discard') }
    '/plugin/tag' = @{ Verbs = [ordered]@{  }; Options = @('--dry-run', '--force', '--message', '--push', '--remote') }
    '/plugin/test' = @{ Verbs = [ordered]@{  }; Options = @() }
    '/plugin/uninstall' = @{ Verbs = [ordered]@{  }; Options = @('--json', '--keep-data', '--prune', '--scope', '--yes') }
    '/plugin/update' = @{ Verbs = [ordered]@{  }; Options = @('--accept-command', '--json', '--scope', '--yes') }
    '/plugin/validate' = @{ Verbs = [ordered]@{  }; Options = @('--json', '--profile', '--strict') }
    '/project' = @{ Verbs = [ordered]@{ 'help' = 'help'; 'purge' = 'purge' }; Options = @() }
    '/project/help' = @{ Verbs = [ordered]@{  }; Options = @() }
    '/project/purge' = @{ Verbs = [ordered]@{  }; Options = @('--all', '--dry-run', '--interactive', '--yes') }
    '/purge' = @{ Verbs = [ordered]@{  }; Options = @('--all', '--dry-run', '--interactive', '--yes') }
    '/respawn' = @{ Verbs = [ordered]@{  }; Options = @() }
    '/rm' = @{ Verbs = [ordered]@{  }; Options = @() }
    '/setup-token' = @{ Verbs = [ordered]@{  }; Options = @() }
    '/ultrareview' = @{ Verbs = [ordered]@{  }; Options = @('--json', '--no-post', '--post', '--timeout', '--trust-workspace') }
    '/update' = @{ Verbs = [ordered]@{  }; Options = @() }
  }

  $place = ''
  $option = ''
  $argument = $false
  $typed = @($commandAst.CommandElements | Where-Object { $_.Extent.EndOffset -lt $cursorPosition } | Select-Object -Skip 1)
  for ($index = 0; $index -lt $typed.Count; $index++) {
    $word = $typed[$index].ToString()
    if ($option) { $option = '' }
    elseif ($word -eq '--' -and $index -eq 0) { $place = '/--' }
    elseif ($word.StartsWith('-')) { if ($values.ContainsKey($word)) { $option = $word } }
    elseif (-not $argument) {
      if ($place -eq '/--') { $place = '' }
      if ($enter.ContainsKey("$place/$word")) { $place = $enter["$place/$word"] } else { $argument = $true }
    }
  }

  if ($option) { $found = $values[$option] }
  elseif ($wordToComplete.StartsWith('-')) { $found = $places[$place].Options }
  elseif ($argument) { $found = @() }
  else { $found = $places[$place].Verbs.Keys }

  $found | Where-Object { $_ -like "$wordToComplete*" } | ForEach-Object {
    $summary = $places[$place].Verbs[$_]
    if (-not $summary) { $summary = $_ }
    [System.Management.Automation.CompletionResult]::new($_, $_, 'ParameterValue', $summary)
  }
}
