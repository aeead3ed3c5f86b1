/**
 * What Claude Code itself takes: the public verbs and options of 2.1.197 and 2.1.330 together, as both print
 * them with `--help`. Only the completions use it; routing learns from the installed claude. Every verb also
 * takes `--help`.
 */
export interface ClaudeVerb {
  /** The verb, then its other spellings, parted by `|` as `claude --help` does. */
  readonly name: string;
  readonly summary?: string;
  /** Long options, parted by spaces. */
  readonly options?: string;
  readonly verbs?: readonly ClaudeVerb[];
}

/** Splits `a b c`; an empty list for nothing. */
export const splitWords = (text: string | undefined): string[] => (text ? text.trim().split(/\s+/) : []);

const MCP: readonly ClaudeVerb[] = [
  {
    name: 'add',
    options: '--callback-port --client-id --client-secret --env --header --scope --transport',
  },
  { name: 'add-from-claude-desktop', options: '--scope' },
  { name: 'add-json', options: '--client-secret --scope' },
  { name: 'get' },
  { name: 'help' },
  { name: 'list' },
  { name: 'login', options: '--no-browser' },
  { name: 'logout' },
  { name: 'remove', options: '--scope' },
  { name: 'reset-project-choices' },
  { name: 'serve', options: '--debug --verbose' },
];

const EVALUATION = `--ablation --allow-real-servers --allow-tools --case --concurrency --disallow-tools --eval-dir
  --json --judge-model --keep-temp --max-cost-usd --mocks --model --no-publish --no-scaffold --output-dir
  --publish-report --report --runs --scaffold --tag --threshold --trust-plugin --verbose`;

const PLUGIN: readonly ClaudeVerb[] = [
  { name: 'configure', options: '--json --values-stdin' },
  { name: 'details' },
  { name: 'disable', options: '--all --json --scope' },
  { name: 'enable', options: '--json --scope' },
  { name: 'eval', options: EVALUATION, verbs: [{ name: 'init' }] },
  { name: 'help' },
  { name: 'init|new', options: '--author --author-email --description --force --with' },
  { name: 'install|i', options: '--accept-command --config --json --marketplace --scope --yes' },
  { name: 'list', options: '--available --data-size --json' },
  {
    name: 'marketplace',
    verbs: [{ name: 'add' }, { name: 'help' }, { name: 'list' }, { name: 'remove|rm' }, { name: 'update' }],
  },
  { name: 'prune|autoremove', options: '--dry-run --scope --yes' },
  { name: 'restore-set-aside', options: '--discard' },
  { name: 'tag', options: '--dry-run --force --message --push --remote' },
  { name: 'test' },
  { name: 'uninstall|remove', options: '--json --keep-data --prune --scope --yes' },
  { name: 'update', options: '--accept-command --json --scope --yes' },
  { name: 'validate', options: '--json --profile --strict' },
];

const AGENTS = `--add-dir --agent --all --allow-dangerously-skip-permissions --cwd
  --dangerously-skip-permissions --effort --json --mcp-config --model --permission-mode --plugin-dir --restricted
  --setting-sources --settings --strict-mcp-config`;

const PURGE = '--all --dry-run --interactive --yes';

export const CLAUDE_VERBS: readonly ClaudeVerb[] = [
  { name: 'agents', summary: 'manage background agents', options: AGENTS },
  { name: 'attach', summary: 'open a background session' },
  {
    name: 'auth',
    summary: 'manage authentication',
    verbs: [
      { name: 'help' },
      { name: 'login', options: '--claudeai --console --email --sso' },
      { name: 'logout' },
      { name: 'status', options: '--json --text' },
    ],
  },
  {
    name: 'auto-mode',
    summary: 'inspect or reset auto mode',
    verbs: [
      { name: 'config' },
      { name: 'critique', options: '--model' },
      { name: 'defaults', options: '--label' },
      { name: 'help' },
      { name: 'reset', options: '--yes' },
    ],
  },
  { name: 'doctor', summary: 'check the Claude Code installation' },
  { name: 'gateway', summary: 'run the enterprise gateway', options: '--config' },
  { name: 'import', summary: 'import config from another agent', options: '--dry-run --yes' },
  { name: 'install', summary: 'install the native build', options: '--force' },
  { name: 'logs', summary: 'output of a background session' },
  { name: 'mcp', summary: 'manage MCP servers', verbs: MCP },
  { name: 'plugin|plugins', summary: 'manage plugins', verbs: PLUGIN },
  {
    name: 'project',
    summary: 'manage project data',
    verbs: [{ name: 'help' }, { name: 'purge', options: PURGE }],
  },
  { name: 'purge', summary: "delete a project's data", options: PURGE },
  { name: 'respawn', summary: 'restart a background session' },
  { name: 'rm', summary: 'remove a background session' },
  { name: 'setup-token', summary: 'set up a long-lived token' },
  { name: 'stop|kill', summary: 'stop a background session' },
  {
    name: 'ultrareview',
    summary: 'cloud code review of the branch',
    options: '--json --no-post --post --timeout --trust-workspace',
  },
  { name: 'update|upgrade', summary: 'check for updates' },
];

export const CLAUDE_OPTIONS: readonly string[] = splitWords(`
  --add-dir --agent --agents --allow-dangerously-skip-permissions --allowed-tools --allowedTools
  --append-system-prompt --autocompact --ax-screen-reader --background --bare --betas --bg --brief --chrome --cloud
  --continue --dangerously-skip-permissions --debug --debug-file --desktop --disable-slash-commands
  --disallowed-tools --disallowedTools --effort --environment --exclude-dynamic-system-prompt-sections
  --fallback-model --file --fork-session --forward-subagent-text --from-pr --help --ide --include-hook-events
  --include-partial-messages --input-format --json-schema --max-budget-usd --mcp-config --model --name --no-chrome
  --no-session-persistence --output-format --permission-mode --permission-prompts --plugin-dir --plugin-url --print
  --prompt-suggestions --remote-control --remote-control-session-name-prefix --replay-user-messages --restricted
  --resume --safe-mode --session-id --setting-sources --settings --strict-mcp-config --system-prompt
  --system-prompt-snapshot --teleport --tmux --tools --verbose --version --worktree`);

/** The value that an option needs: a path, one of the listed words, or text that nobody can guess. */
export type OptionValue = 'file' | 'directory' | 'text' | readonly string[];

const TEXT = `--ablation --accept-command --agent --agents --allow-tools --allowed-tools --allowedTools
  --append-system-prompt --author --author-email --autocompact --betas --callback-port --case --client-id
  --concurrency --description --disallow-tools --disallowed-tools --disallowedTools --email --env --environment
  --file --header --json-schema --label --marketplace --max-budget-usd --max-cost-usd --message --mocks --name
  --plugin-url --profile --remote --remote-control-session-name-prefix --runs --session-id --system-prompt --tag
  --threshold --timeout --tools --with`;

const MODELS = ['fable', 'haiku', 'opus', 'sonnet'];

/** Options that need a value, at whatever verb; one whose value may be left out is not here. */
export const OPTION_VALUES: Readonly<Record<string, OptionValue>> = {
  ...Object.fromEntries(splitWords(TEXT).map((option) => [option, 'text' as const])),
  '--add-dir': 'directory',
  '--config': 'file',
  '--cwd': 'directory',
  '--debug-file': 'file',
  '--effort': ['low', 'medium', 'high', 'xhigh', 'max'],
  '--eval-dir': 'directory',
  '--fallback-model': MODELS,
  '--input-format': ['text', 'stream-json'],
  '--judge-model': MODELS,
  '--mcp-config': 'file',
  '--model': MODELS,
  '--output-dir': 'directory',
  '--output-format': ['text', 'json', 'stream-json'],
  '--permission-mode': ['acceptEdits', 'auto', 'bypassPermissions', 'default', 'dontAsk', 'manual', 'plan'],
  '--permission-prompts': ['host', 'none'],
  '--plugin-dir': 'directory',
  '--report': 'file',
  '--scope': ['local', 'user', 'project'],
  '--setting-sources': ['user', 'project', 'local'],
  '--settings': 'file',
  '--system-prompt-snapshot': ['on', 'off'],
  '--transport': ['stdio', 'sse', 'http'],
};
